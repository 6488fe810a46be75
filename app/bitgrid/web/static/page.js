// The page's own script: when nothing comes from the house any more, nothing may look as if it were live.
(function () {
  "use strict";
  var SILENT_AFTER_MS = 10000, POLL_AFTER_MS = 4000, POLL_EVERY_MS = 5000;
  var heard = Date.now(), asked = 0;

  function hear() {
    heard = Date.now();
    show();
  }

  function show() {
    // The distance counts both ways: a clock that was set back must not keep old values looking new.
    var silent = Math.abs(Date.now() - heard) > SILENT_AFTER_MS;
    document.body.classList.toggle("silent", silent);
    document.getElementById("silence").hidden = !silent;
  }

  function step() {
    show();
    var now = Date.now();
    if (Math.abs(now - heard) > POLL_AFTER_MS && Math.abs(now - asked) > POLL_EVERY_MS) {
      asked = now;
      htmx.trigger("#poll", "bitgrid:poll");
    }
  }

  document.body.addEventListener("htmx:wsAfterMessage", hear);
  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.id === "poll" && event.detail.successful) hear();
  });
  // What a person has unfolded or chosen stays so when its part of the page is replaced.
  document.body.addEventListener("htmx:oobBeforeSwap", function (event) {
    event.detail.target.querySelectorAll("details[open][id], select[id]").forEach(function (was) {
      var next = event.detail.fragment.querySelector("#" + CSS.escape(was.id));
      if (next && was.tagName === "SELECT") next.value = was.value;
      else if (next) next.setAttribute("open", "");
    });
  });
  document.addEventListener("visibilitychange", step);
  window.addEventListener("pageshow", step);
  setInterval(step, 1000);
})();
