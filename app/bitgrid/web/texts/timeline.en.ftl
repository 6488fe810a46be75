# Timeline: a day as a band, each decision with its reasons.

timeline-title = A day, block by block
timeline-day = Day
timeline-day-before = The day before
timeline-day-after = The day after
timeline-load = Device
timeline-show = Show
timeline-show-switches = switches
timeline-show-between = between the blocks
timeline-show-all = everything
timeline-rule = Decided by
timeline-rule-any = any rule
timeline-do-show = Show
timeline-block = Block
timeline-choose = … choose one
timeline-do-pick = Look at it
timeline-before = ‹ earlier
timeline-after = later ›
timeline-list = Decisions
timeline-none = There were none of these on this day.
timeline-empty = Nothing was decided on this day.
timeline-newest = To the last day with decisions
timeline-no-day = That is no day this house knows. The last one is shown.
timeline-no-decision = That decision is not in this day's timeline.
timeline-summary = { $starts ->
    [0] No start
    [1] One start
   *[other] { $starts } starts
  }, switched on for { $on }.
timeline-decision = Power, up to { $high }
timeline-rule-lane = Rule
timeline-surplus = Surplus, { $low } to { $high }
timeline-soc = Battery, 0 to { $high }
timeline-price = Electricity price, { $low } to { $high }

picked-title = { $load } at { $at }
picked-beside = More than one decision was made in this block:
picked-detail = In detail: every rule's word
picked-technical = Technically: what is recorded
picked-votes = Votes
picked-signals = Measurements that were decided on
picked-rule = Rule
picked-rank = Rank
picked-vote = Vote
picked-code = Reason
picked-inputs = Values
picked-thresholds = Limits
picked-margin = Margin
picked-signal = Measurement
picked-value = Value
picked-age = Age
picked-quality = Quality
picked-source = Source
picked-raw = The whole record, as it is written

replay-do = Replay this decision
replay-hint = The rules decide anew from what was recorded. Nothing is switched.
replay-same = The same { $size } bytes: exactly the same was decided.
replay-differs = Something else was decided than is recorded.
replay-form = The values are the same, but the record is written otherwise than the rules write it.
replay-lost = It cannot be decided again.
replay-changes = What differs
replay-place = Place
replay-recorded = recorded
replay-derived = decided anew

refusal-ledger_unreadable = The ledger cannot be read; the log of web says why.
refusal-archive_unreadable = This day is in the archive alone, and that cannot be read just now; the log of web says why.

