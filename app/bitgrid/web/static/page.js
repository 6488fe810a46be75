// The script of the pages that live, "Now" and "System": when nothing comes from the house any more, nothing may look
// as if it were live.
(function () {
  "use strict";
  var SILENT_AFTER_MS = 10000, POLL_AFTER_MS = 4000, POLL_EVERY_MS = 5000, STILL = "bitgrid-still";
  var heard = Date.now(), asked = 0, asker = "", focused = "", files = byId("pulse").dataset.files;

  function byId(id) {
    return document.getElementById(id);
  }

  function hear() {
    heard = Date.now();
    show();
    renew();
  }

  // After an update the house speaks to another page than this one: it is fetched, unless a person is at a wish.
  function renew() {
    if (byId("pulse").dataset.files !== files && !byId("ask-title")) location.reload();
  }

  function show() {
    // The distance counts both ways: a clock that was set back must not keep old values looking new.
    var silent = Math.abs(Date.now() - heard) > SILENT_AFTER_MS;
    document.body.classList.toggle("silent", silent);
    byId("silence").hidden = !silent;
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
    var refused = event.detail.xhr.getResponseHeader("HX-Retarget");  // a refusal is an answer, and no news of the house
    if (event.detail.elt.id === "poll" && event.detail.successful && !refused) hear();
  });

  // What a person has unfolded, chosen or reached stays so when its part of the page is replaced; what is the same
  // is not replaced, and so is not read out again.
  document.body.addEventListener("htmx:oobBeforeSwap", function (event) {
    var target = event.detail.target, next = event.detail.fragment;
    if (target.id === "spoken" && target.textContent === next.textContent) {
      event.detail.shouldSwap = false;
      return;
    }
    target.querySelectorAll("details[open][id], select[id]").forEach(function (was) {
      var now = next.querySelector("#" + CSS.escape(was.id));
      if (now && was.tagName === "SELECT") now.value = was.value;
      else if (now) now.setAttribute("open", "");
    });
    focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.body.addEventListener("htmx:oobAfterSwap", function () {
    if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
    focused = "";
  });

  // Explain, act, confirm: what would come of a wish is shown and read before its button.
  document.body.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id === "ask" && byId("ask-title")) {
      asker = event.detail.requestConfig.triggeringEvent.submitter.id;
      byId("ask-title").focus();
    } else if (event.detail.target.id === "answer") {
      byId("answer").scrollIntoView({ block: "nearest" });
      if (document.activeElement === document.body && byId(asker)) byId(asker).focus({ preventScroll: true });
    }
  });
  document.body.addEventListener("click", function (event) {
    if (!event.target.closest("#ask [data-dismiss]")) return;
    event.preventDefault();
    byId("ask").replaceChildren();
    if (byId(asker)) byId(asker).focus();
  });

  // Whoever wants no motion has none, here and the next time.
  if (byId("still")) {
    byId("still").checked = localStorage.getItem(STILL) === "yes";
    byId("still").addEventListener("change", function () {
      localStorage.setItem(STILL, this.checked ? "yes" : "no");
    });
  }

  // A tablet on the wall stays awake while it shows the page, where the browser allows it. A display that its own host
  // darkens does not.
  function stayAwake() {
    if (document.body.classList.contains("awake") && !document.hidden && navigator.wakeLock)
      navigator.wakeLock.request("screen").catch(function () {});
  }

  document.addEventListener("visibilitychange", function () {
    step();
    stayAwake();
  });
  window.addEventListener("pageshow", step);
  window.addEventListener("online", step);
  setInterval(step, 1000);
  stayAwake();
})();
