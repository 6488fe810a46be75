// The room System asks every few seconds how everything is; when no answer comes, nothing may look as if it were live.
(function () {
  "use strict";
  var EVERY_MS = 5000, SILENT_AFTER_MS = 12000, heard = Date.now(), asked = Date.now();

  function step() {
    var now = Date.now(), silent = Math.abs(now - heard) > SILENT_AFTER_MS;
    document.body.classList.toggle("silent", silent);
    document.getElementById("silence").hidden = !silent;
    if (Math.abs(now - asked) < EVERY_MS || document.hidden) return;
    asked = now;
    htmx.trigger("#poll", "bitgrid:poll");
  }

  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.id !== "poll" || !event.detail.successful) return;
    heard = Date.now();
    step();
  });
  document.addEventListener("visibilitychange", step);
  window.addEventListener("pageshow", step);
  setInterval(step, 1000);
})();
