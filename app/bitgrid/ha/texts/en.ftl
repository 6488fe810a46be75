# What Home Assistant shows: names of devices and entities, and states that are words.

model-house = House
model-miner = Miner
model-load = Load

entity-pv_power_w = Sun
entity-house_load_w = Household
entity-grid_power_w = Grid (drawing +, feeding in −)
entity-battery_power_w = Battery (charging +, discharging −)
entity-battery_soc_pct = Battery charge
entity-surplus_w = Surplus
entity-health = System
entity-autonomy_sensor = Autonomy
entity-autonomy_select = Autonomy
entity-answer = Answer to a wish
entity-pv_kwh = Sun today
entity-grid_import_kwh = Drawn from the grid today
entity-grid_export_kwh = Fed into the grid today
entity-loads_kwh = Loads today
entity-autarky_pct = Autarky today
entity-self_consumption_pct = Self-consumption today
entity-sats = Sats today
entity-value_against_export_eur = Gain over feeding in today
entity-export = Make a research bundle (7 days)

entity-power_w = Power
entity-level = Level
entity-rule = Rule
entity-sentence = Why
entity-next_change = Next change at the earliest
entity-temp_c = Hottest chip
entity-hashrate_ths = Hash rate
entity-decision = Decision
entity-stop = Stop
entity-boost = Full power

autonomy-manual = Manual
autonomy-assisted = Assisted
autonomy-semi = Semi-automatic
autonomy-full = Automatic

status-ok = All well
status-warn = Not all well
status-error = Trouble

problem = { $component }: { $reason }
problem-silent = { $component }: not heard

answer-too_often = That was asked too often, so nothing was done. Wait a minute.
answer-unreadable = That could not be read, so nothing was done.
answer-autonomy_locked = Home Assistant may not change the autonomy of this house, so nothing was done.
answer-research_off = Research is switched off in this house, so nothing was handed out.
answer-export_begun = The bundle of the last { $days ->
        [1] day
       *[other] { $days } days
    } is being made.
answer-export_running = Other work is still running, so no bundle was begun. Try again later.
