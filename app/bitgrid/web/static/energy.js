// Draws the charts of the room Energy with uPlot; what they show stands in a table, too.
(function () {
  "use strict";
  var HEIGHT = 300, drawn = [];

  function tone(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function numbers(chart, unit) {
    var digits = unit === "kWh" ? 1 : 0;
    var format = new Intl.NumberFormat(chart.language, {maximumFractionDigits: digits});
    return function (value) { return value == null ? "–" : format.format(value) + " " + unit; };
  }

  function axis(more) {
    var common = {stroke: tone("soft"), grid: {stroke: tone("line"), width: 1}, ticks: {stroke: tone("line"), width: 1}};
    return Object.assign(common, more);
  }

  // As wide as what stands there.
  function broad(_, values) {
    var longest = (values || []).reduce(function (most, text) { return Math.max(most, text.length); }, 6);
    return 22 + 7 * longest;
  }

  function moment(chart, options) {
    var format = new Intl.DateTimeFormat(chart.language, Object.assign({timeZone: chart.zone}, options));
    return function (epoch) { return format.format(new Date(epoch * 1000)); };
  }

  // Power by block, the charge on an axis of its own.
  function lines(chart) {
    var isLong = chart.x[chart.x.length - 1] - chart.x[0] > 2 * 86400;
    var label = moment(chart, isLong ? {weekday: "short", day: "numeric"} : {hour: "2-digit", minute: "2-digit"});
    var hasCharge = chart.series.some(function (one) { return one.unit === "%"; });
    return {
      at: moment(chart, {weekday: "short", hour: "2-digit", minute: "2-digit"}),
      shown: chart.series.map(function (one) { return one.values; }),
      data: [chart.x].concat(chart.series.map(function (one) { return one.values; })),
      options: {
        tzDate: function (epoch) { return uPlot.tzDate(new Date(epoch * 1000), chart.zone); },
        scales: {"%": {range: [0, 100]}},
        series: [{}].concat(chart.series.map(function (one) {
          return {scale: one.unit, stroke: tone(one.tone), width: 2, dash: one.unit === "%" ? [6, 4] : undefined, points: {show: false}};
        })),
        axes: [
          axis({size: 36, values: function (_, at) { return at.map(label); }, space: isLong ? 70 : 60}),
          axis({scale: "W", size: broad, values: function (_, at) { return at.map(numbers(chart, "W")); }})
        ].concat(hasCharge ? [axis({scale: "%", side: 1, grid: {show: false}, values: function (_, at) { return at.map(numbers(chart, "%")); }})] : [])
      }
    };
  }

  // Bars on top of each other: each series is drawn as the sum up to it, the highest first.
  function bars(chart) {
    var x = chart.labels.map(function (_, index) { return index; }), unit = chart.series[0].unit;
    var sums = [], below = x.map(function () { return 0; });
    chart.series.forEach(function (one) {
      below = one.values.map(function (value, index) { return below[index] + (value || 0); });
      sums.push(below.map(function (sum, index) { return one.values[index] == null ? null : sum; }));
    });
    return {
      at: function (index) { return chart.labels[index]; },
      shown: chart.series.map(function (one) { return one.values; }),
      data: [x].concat(sums.slice().reverse()),
      options: {
        scales: {x: {time: false, range: [-0.7, x.length - 0.3]}, y: {range: function (_, low, high) { return [0, (high || 1) * 1.05]; }}},
        series: [{}].concat(chart.series.slice().reverse().map(function (one) {
          return {fill: tone(one.tone), stroke: tone(one.tone), width: 0, paths: uPlot.paths.bars({size: [0.7, 60]}), points: {show: false}};
        })),
        axes: [
          axis({size: 36, grid: {show: false}, incrs: [1, 2, 5, 10, 30], values: function (_, at) { return at.map(function (index) { return chart.labels[index] || ""; }); }}),
          axis({size: broad, values: function (_, at) { return at.map(numbers(chart, unit)); }})
        ]
      }
    };
  }

  function reader(place, chart, made) {
    return function (plot) {
      var index = plot.cursor.idx;
      var values = chart.series.map(function (one, at) {
        return one.label.replace(/ \(.*\)$/, "") + " " + numbers(chart, one.unit)(index == null ? null : made.shown[at][index]);
      });
      place.textContent = index == null ? "\u00a0" : made.at(made.data[0][index]) + ": " + values.join(" · ");
    };
  }

  function draw(place) {
    var chart = JSON.parse(place.dataset.chart), made = chart.kind === "lines" ? lines(chart) : bars(chart);
    place.classList.add("drawn");
    place.replaceChildren();
    var options = Object.assign(made.options, {
      width: place.clientWidth, height: HEIGHT, legend: {show: false}, cursor: {drag: {x: false, y: false}, points: {show: false}},
      hooks: {setCursor: [reader(place.parentElement.querySelector(".reading"), chart, made)]}
    });
    drawn.push({place: place, plot: new uPlot(options, made.data, place)});
  }

  function drawAll(isAnew) {
    drawn = drawn.filter(function (one) {
      var stays = one.place.isConnected && !isAnew;
      if (!stays) one.plot.destroy();
      return stays;
    });
    document.querySelectorAll(".chart[data-chart]").forEach(function (place) {
      if (isAnew || !place.classList.contains("drawn")) draw(place);
    });
  }

  function fit() {
    drawn.forEach(function (one) { one.plot.setSize({width: one.place.clientWidth, height: HEIGHT}); });
  }

  drawAll(false);
  document.body.addEventListener("htmx:afterSettle", function () { drawAll(false); });
  window.addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { drawAll(true); });
})();
