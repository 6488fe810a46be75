// A slider and the number beside it say the same; the number is what is sent. A plan that is not renewed is no plan.
(function () {
  "use strict";
  var LOST_AFTER_MS = 150000, heard = Date.now(), open = [];

  document.querySelectorAll("input[type=range][data-for]").forEach(function (range) {
    var number = document.getElementById(range.dataset.for);
    range.hidden = false;
    range.addEventListener("input", function () { number.value = range.value; });
    number.addEventListener("input", function () {
      var value = parseFloat(number.value.replace(",", "."));
      if (isFinite(value)) range.value = value;
    });
  });

  function show() {
    var coming = document.getElementById("coming"), lost = Math.abs(Date.now() - heard) > LOST_AFTER_MS;
    if (!coming) return;
    coming.classList.toggle("lost", lost);
    document.getElementById("plan-lost").hidden = !lost;
  }

  // What a person has unfolded stays so when the plan is renewed.
  document.body.addEventListener("htmx:beforeSwap", function () {
    open = [].map.call(document.querySelectorAll("#coming details[open]"), function (one) { return one.id; });
  });
  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.id !== "coming" || !event.detail.successful) return;
    heard = Date.now();
    open.forEach(function (id) {
      var one = document.getElementById(id);
      if (one) one.open = true;
    });
    show();
  });
  document.addEventListener("visibilitychange", show);
  setInterval(show, 5000);
})();
