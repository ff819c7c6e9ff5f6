// Keys go to the terminal from its first picture on, without a click.
addEventListener("DOMContentLoaded", () => {
  const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
  new MutationObserver(() => document.body.classList.contains("-first-byte") && focus()).observe(document.body, {
    attributeFilter: ["class"],
  });
});
