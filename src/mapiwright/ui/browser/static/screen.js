// What the page needs besides textual-serve's own script: the keyboard goes to the screen, Again loads it anew, and a
// window in which nothing was drawn is told why.
"use strict";

window.addEventListener("load", () => {
  const again = document.getElementById("again");
  const shown = document.body.classList;
  again.addEventListener("click", () => window.location.replace("./"));
  new MutationObserver(() => {
    if (shown.contains("-closed") && !shown.contains("-first-byte")) {
      window.location.replace("closed");
    } else if (shown.contains("-closed")) {
      again.focus();
    } else if (shown.contains("-loaded")) {
      document.querySelector(".xterm-helper-textarea").focus();
    }
  }).observe(document.body, { attributeFilter: ["class"] });
});
