# Plan, what-if and the consequences of a wish.

consequence-refused = This would be refused now ({ $rule }). { $then }
consequence-broken = { $rule } will end it again, at about { $at } (in { $left }). { $then }
consequence-ends = Holds until { $until }. After that, as things stand: { $then }
consequence-open = Holds until { $until }. As far as the forecast reaches, until { $at }, nothing is against it.
consequence-end = The rules decide by themselves again at once. { $then }

plan-day-title = Plan for the next 24 hours
plan-note = As of { $at } ({ $age } ago). A preview, no promise: every block is decided anew, by what is measured then.
plan-old = The last decision is { $age } old, the rules are silent. Nobody may go by this plan.
plan-no-forecast = There is no forecast, so only the next block can be told.
plan-each = Block by block
plan-when = Time
plan-surplus = Surplus
plan-charge = Battery
plan-action = What happens
plan-rule = Rule
plan-why = Why
plan-between = { $low } to { $high }
plan-START = starts
plan-STOP = stops
plan-THROTTLE = changes
plan-HOLD = stays

whatif-title = What if
whatif-hint = Other values for the last decision: the rules answer at once. Nothing is switched.
whatif-pv_power_w = Sun
whatif-house_load_w = Household
whatif-battery_soc_pct = Battery
whatif-import_price_ct_kwh = Electricity price
whatif-temp_c = Hottest chip
whatif-do = Have it decided
whatif-reset = Back to what is measured
whatif-hypothetical = Hypothetical
whatif-as-it-is = As measured
whatif-now = In fact it was decided: { $sentence }
whatif-moved = { $name }: { $before } → { $after }
whatif-follows = follows from it: { $text }
whatif-no-number = That is no number.
whatif-bad = Something you entered is no number. Nothing was reckoned, and all you entered is still there.
whatif-lacks-forecast = The forecast of then is missing, so here R4 does not look ahead.

refusal-nothing_decided = Nothing is decided yet, so nothing can be foretold. Look again in some minutes.
refusal-not_readable = The last records cannot be read; the log of web says why.
refusal-rules_silent = The last decision is too old to say what would come of it.
refusal-bad_value = One of the values cannot be. Nothing was reckoned, and all you entered is still there.
