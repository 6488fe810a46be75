# Sentences of decisions. A decision is said as "{cause}: {outcome}."
#
# A cause is keyed by the decision's code. Its figures are the inputs and thresholds of that vote by their names
# in the record, written with their units; besides them there are $load, $power, $level, $surplus_kw, $until,
# $next_tick and $meters, and what explain/values.py works out: $worth, $course, $moment, $wish, $without and
# $answer_until. ".plain" is said where the record lacks one of the figures, so it must not use any but $load.
# Causes begin in lower case; CAP makes the capital.

sentence = { CAP($cause) }: { $outcome }.

outcome-START = { $load } starts at { $power }
outcome-STOP = { $load } stops
outcome-THROTTLE = { $load } changes to { $level }, { $power }
outcome-HOLD-ON = { $load } runs on at { $power }
outcome-HOLD-OFF = { $load } stays off

unreadable = A decision was made that this version cannot read
unknown-code = rule { $rule } decided for a reason this version has no words for ({ $code })

# A code of R1 is named although its wish has to wait for the next regular decision.
waiting = the next regular decision is due at { $next_tick }, and nothing changes for the sake of the surplus before it

mining-brings = { $worth ->
        [near] mining brings { $hodl_ct_kwh }, which is not { $value_margin_ct_kwh } more
       *[less] mining brings only { $hodl_ct_kwh }
    }

default-load = the miner
level-eco = reduced power
level-full = full power
level-off = off
level-other = level { $level }

R1_SURPLUS_OK = the sun leaves { $surplus_kw } over, enough for full power
    .plain = the sun leaves enough over for full power
R1_SURPLUS_ECO = the sun leaves { $surplus_kw } over, enough for reduced power
    .plain = the sun leaves enough over for reduced power
R1_INSUFFICIENT_SURPLUS = { $sign ->
        [negative] nothing is left over ({ $surplus_w }), and { $min_surplus_w } is needed
       *[positive] only { $surplus_w } is left over, and { $min_surplus_w } is needed
    }
    .plain = too little power is left over
R1_PRICE_TOO_HIGH = grid power costs { $import_price_ct_kwh }, more than the { $max_import_price_ct_kwh } allowed
    .plain = grid power is dearer than allowed
R1_NO_DATA = the surplus is not known just now
    .plain = the surplus is not known just now
R1_NOT_WORTH_IT = feeding in earns { $export_price_ct_kwh }, and { mining-brings }
    .plain = feeding in earns more than mining
R1_CHEAP_GRID = an opportunity: grid power costs { $import_price_ct_kwh }, and mining with it brings { $hodl_ct_kwh }
    .plain = an opportunity: mining with grid power brings more than the power costs

R2_OK = the house keeps its reserve, and the grid import is within its limit
    .plain = the house keeps its reserve, and the grid import is within its limit
R2_HARD_RESERVE = the battery is at { $battery_soc_pct }, and { $soc_hard_min_pct } of it belongs to the house
    .plain = the battery's reserve belongs to the house
R2_SOFT_RESERVE = the battery is at { $battery_soc_pct }, and nothing starts until it is above { $soc_soft_min_pct }
    .plain = the battery has to fill further before anything starts
R2_GRID_IMPORT = the house draws { $grid_power_60s_w } from the grid, more than the { $max_grid_import_w } allowed
    .plain = the house draws more from the grid than allowed

R3_OK = no safety limit is touched
    .plain = no safety limit is touched
R3_OVER_TEMP = { $seen ->
        [guard] the guard measured more heat than the allowed { $max_temp_c } and cut the power
       *[here] the hottest chip is at { $temp_c }, and { $max_temp_c } is the limit
    }
    .plain = the hottest chip is over its limit
R3_ROOM_TEMP = the room is at { $room_temp_c }, and { $max_room_temp_c } is the limit
    .plain = the room is too hot
R3_LOAD_SILENT = there has been no answer with a temperature for { $age_s }, and { $comm_timeout_s } is the limit
    .plain = there is no answer with a temperature any more
R3_METER_SILENT = a required measurement is missing ({ $meters })
    .plain = a required measurement is missing
R3_EMERGENCY_STOP = the emergency stop is pressed
    .plain = the emergency stop is pressed
R3_UPS_ON_BATTERY = mains power has failed, BitGrid runs on its emergency battery
    .plain = mains power has failed, BitGrid runs on its emergency battery
R3_FIRST_RUN = BitGrid is not set up yet
    .plain = BitGrid is not set up yet
R3_LOCKOUT = { $passed ->
        [yes] after the safety stop it is still too hot: { $temp_c }, and it must be below { $resume_temp_c }
       *[no] after a safety stop nothing starts before { $lockout_until_s }
    }
    .plain = after a safety stop it has to rest and cool down first
R3_CONTROLLER_LOST = a process that controls the load is missing
    .plain = a process that controls the load is missing
R3_GUARD_TRIP = the guard has cut the power by itself
    .plain = the guard has cut the power by itself
R3_GRID_LIMIT = the grid operator lets the loads draw { $grid_limit_w } together, { $loads_before_w } of that are taken, and the next level needs { $next_level_w }
    .plain = the grid operator limits what the loads may draw at the moment
R3_NEAR_LIMIT = the hottest chip is at { $temp_c }, near the limit of { $max_temp_c }, so { $wish_level } is the most allowed
    .plain = the hottest chip is near its limit, so nothing higher is allowed
R3_DRIFT = it works at { $measured_j_per_th }, far from the { $profile_j_per_th } of its profile, so { $wish_level } is the most allowed
    .plain = its efficiency is far from its profile, so nothing higher is allowed

R4_OFF = the forecast rule is switched off
    .plain = the forecast rule is switched off
R4_ABSTAINS = nothing is in question, or there is no forecast to judge it by
    .plain = nothing is in question, or there is no forecast to judge it by
R4_SPARE = { $course ->
        [spills] the battery is expected to be full by { $moment }, and then { $spilled_wh } would be left over
        [empties] what is mined now costs the house { $displaced_ct_kwh }, and mining brings { $hodl_ct_kwh }
        [open] what is mined now costs the house { $displaced_ct_kwh }, and mining brings { $hodl_ct_kwh }
       *[none] the coming blocks are expected to leave { $predicted_surplus_w } over, enough to start
    }
    .plain = the coming blocks are expected to leave enough over
R4_BATTERY_FIRST = { $course ->
        [empties] the battery is expected to be empty by { $moment }, so what is mined now costs the house { $displaced_ct_kwh }, and { mining-brings }
       *[open] by the forecast, what is mined now costs the house { $displaced_ct_kwh }, and { mining-brings }
    }
    .plain = what is mined now costs the house more than it brings
R4_PRESTART = the coming blocks are expected to leave { $predicted_surplus_w } over, well above the { $min_surplus_w } needed
    .plain = the coming blocks are expected to leave well more over than is needed
R4_SUN_LEAVES = the sun is going, and the coming blocks are expected to leave only { $predicted_surplus_w } over
    .plain = the sun is going, and the coming blocks are not expected to leave enough over
R4_FORECAST_LOW = the coming blocks are expected to leave only { $predicted_surplus_w } over, and { $min_surplus_w } is needed
    .plain = the coming blocks are not expected to leave enough over
R4_PRICE_SPIKE = grid power will soon cost { $import_price_ct_kwh }, above { $price_spike_ct_kwh }, and the sun is not expected to cover it
    .plain = grid power will soon be dear, and the sun is not expected to cover it

R5_FREE = no hold is in force
    .plain = no hold is in force
R5_MIN_RUNTIME = once started it stays on until { $until }, so that it does not flap
    .plain = once started it stays on for a while, so that it does not flap
R5_MIN_PAUSE = once stopped it rests until { $until }, so that it does not flap
    .plain = once stopped it rests for a while, so that it does not flap
R5_DEADBAND = it was switched only just now and keeps still until { $until }
    .plain = it was switched only just now and keeps still for a while
R5_MAX_STARTS = it has started { $starts } times today, and { $max_starts_per_day } is the limit
    .plain = it has started often enough for today

USER_START = a start was asked for by hand, until { $ends_at_s }
    .plain = a start was asked for by hand
USER_STOP = a stop was asked for by hand, until { $ends_at_s }
    .plain = a stop was asked for by hand
USER_LEVEL = this level was asked for by hand, until { $ends_at_s }
    .plain = this level was asked for by hand
USER_NONE = nothing was asked for by hand
    .plain = nothing was asked for by hand
MODE_FULL = BitGrid may switch by itself
    .plain = BitGrid may switch by itself
MODE_FREE = nobody has to agree to this
    .plain = nobody has to agree to this
MODE_SUGGESTS = { $wish ->
        [start] BitGrid would start { $load } at { $wish_level }
        [change] BitGrid would change { $load } to { $wish_level }
       *[stop] BitGrid would stop { $load }
    }, but is set to manual and only says so
    .plain = BitGrid is set to manual and only says what it would do
MODE_WAITS = { $wish ->
        [start] BitGrid would start { $load } at { $wish_level } and waits for your yes until { $answer_until }
        [change] BitGrid would change { $load } to { $wish_level } and waits for your yes until { $answer_until }
       *[stop] { $without ->
            [it] BitGrid would stop { $load } and waits for your yes; without one it stops at { $answer_until } all the same
           *[nothing] BitGrid would stop { $load } and waits for your yes until { $answer_until }
        }
    }
    .plain = BitGrid waits for your yes
MODE_CONFIRMED = somebody has agreed to this
    .plain = somebody has agreed to this
MODE_OVERRIDE_ENDED = the time for what was asked for by hand is over, and BitGrid is not set to go on by itself
    .plain = the time for what was asked for by hand is over, and BitGrid is not set to go on by itself

CLOCK_STEADY = the clock runs steadily
    .plain = the clock runs steadily
CLOCK_RESYNC = the clock has jumped or BitGrid has just begun anew, and one block is waited out
    .plain = the clock has jumped or BitGrid has just begun anew, and one block is waited out
CLOCK_OVERRUN = the decision came too late for its block
    .plain = the decision came too late for its block

signal-grid_power_w = grid power
signal-pv_power_w = solar power
signal-house_load_w = household power
signal-battery_power_w = battery power
signal-battery_soc_pct = battery charge
signal-grid_power_60s_w = grid power over a minute
signal-room_temp_c = room temperature
signal-grid_limit_w = grid operator's limit
signal-import_price_ct_kwh = price of grid power
signal-export_price_ct_kwh = feed-in price
signal-hodl_ct_kwh = worth of mining
signal-sats_per_kwh = yield of mining

# Remarks: what stands beside the sentence where the record gives cause for it.
balance = Meter and inverter contradict each other: by the meter { $by_meter } is left over, by the inverter { $house ->
        [none] at most { $by_inverter }.
       *[measured] { $by_inverter }.
    }
balance-sign = A wrong sign of { $name } would do that; if its device shows it the other way round, write into site.yaml: { $lines }.
balance-line = { $line } for { $device }
balance-open = No single wrong sign explains it: look at each device's own display, and whether something is measured twice or not at all.
policy-fallback = What mining brings cannot be valued just now, so “{ $policy }” stands in for “{ $chosen }”.
policy-old = The worth of mining ({ $worth }) is { $age } old, too old to decide by, so “{ $policy }” stands in for “{ $chosen }”.
policy-local_first = local first
policy-best_value = best value
policy-stack = stack
paths = A surplus kilowatt-hour is worth: { $worths }.
path-export = fed in { $worth }
path-store = stored { $worth }
path-heat = as heat { $worth }
path-hodl = mined { $worth }

# What would have to change: "{what would happen} if {an input were otherwise}."
alternative = { CAP($outcome) } if { $condition }.
would-START = { $load } would start at { $level }
would-STOP = { $load } would stop
would-THROTTLE = { $load } would change to { $level }
would-HOLD-ON = { $load } would run on
would-HOLD-OFF = { $load } would stay off
if-other = { $name } were { $change } { $way ->
        [more] higher
       *[less] lower
    } ({ $value })
if-grid = the meter showed { $way ->
        [export] { $value } export
        [import] { $value } import
        [export-more] { $change } more export
        [export-less] { $change } less export
        [import-more] { $change } more import
        [import-less] { $change } less import
        [to-export] { $value } export instead of { $present } import
       *[to-import] { $value } import instead of { $present } export
    }
if-age = the last answer were { $value } old
the-pv_power_w = solar power
the-house_load_w = household power
the-battery_power_w = the battery's charging power
the-battery_soc_pct = the battery's charge
the-room_temp_c = the room temperature
the-grid_limit_w = the grid operator's limit
the-import_price_ct_kwh = the price of grid power
the-export_price_ct_kwh = the feed-in price
the-hodl_ct_kwh = the worth of mining
the-sats_per_kwh = the yield of mining
the-load-power_w = the power of { $load }
the-load-temp_c = the hottest chip's temperature
the-load-hashrate_ths = the hashrate of { $load }
