// A press on the band chooses the block in the list below it, which is what the keyboard uses.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var cell = event.target.closest && event.target.closest(".band [data-at]");
    var at = document.getElementById("at");
    if (!cell || !at) return;
    at.value = cell.dataset.at;
    at.form.requestSubmit();
  });
  document.addEventListener("change", function (event) {
    if (event.target.id === "at") event.target.form.requestSubmit();
  });
})();
