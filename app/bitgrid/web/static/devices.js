// Values that come no more must not look as if they were live; what a person has unfolded stays unfolded.
(function () {
  "use strict";
  var SILENT_AFTER_MS = 15000;
  var heard = Date.now();

  function show() {
    // The distance counts both ways: a clock that was set back must not keep old values looking new.
    var silent = Math.abs(Date.now() - heard) > SILENT_AFTER_MS;
    document.body.classList.toggle("silent", silent);
    document.getElementById("silence").hidden = !silent;
  }

  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.id !== "poll" || !event.detail.successful) return;
    heard = Date.now();
    show();
  });
  document.body.addEventListener("htmx:oobBeforeSwap", function (event) {
    event.detail.target.querySelectorAll("details[open][id]").forEach(function (was) {
      var next = event.detail.fragment.querySelector("#" + CSS.escape(was.id));
      if (next) next.setAttribute("open", "");
    });
  });
  document.addEventListener("visibilitychange", show);
  window.addEventListener("pageshow", show);
  setInterval(show, 1000);
})();
