// A slider and the number beside it say the same; the number is what is sent.
(function () {
  "use strict";
  document.querySelectorAll("input[type=range][data-for]").forEach(function (range) {
    var number = document.getElementById(range.dataset.for);
    range.hidden = false;
    range.addEventListener("input", function () { number.value = range.value; });
    number.addEventListener("input", function () {
      var value = parseFloat(number.value.replace(",", "."));
      if (isFinite(value)) range.value = value;
    });
  });
})();
