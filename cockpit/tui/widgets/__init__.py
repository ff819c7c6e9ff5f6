"""One widget per file: a pure function from a view to lines, painted by `painted.Painted`."""
