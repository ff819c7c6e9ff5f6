"""An API server that serves lists made once, so that whoever reads it is what is measured."""
