# The page's own texts. Sentences on decisions are in explain/texts.

title = BitGrid – { $site }
tagline = what the sun leaves over
time-of-house = Time in the house
other-language = Deutsch
other-language-hint = Diese Seite auf Deutsch
reload = Back to the page
failed-title = That did not work
failed-404 = There is nothing at this address.
failed-405 = This address does not take that; nothing was done.
failed-413 = That was too long, so nothing was done.
failed-500 = Something is wrong inside BitGrid. Look at the page Now whether something was done; the log of web says what is wrong.
failed-otherwise = This request could not be read, so nothing was done.
refused-title = Nothing was done

card-now = Now
card-why = Why
card-next = Next
card-flow = Energy flow
card-control = By hand
card-log = Last decisions
card-health = System

load-heading = Miner

now-running = Runs: { $level }
now-starting = Starting: { $level }
now-blind = On: { $level }
now-off = Off
now-stopping = Stopping
now-stopped = Stopped for safety
now-unknown = Not known
now-unheard = Nothing heard yet

row-target = Set to
row-since = Since
row-temp = Hottest chip
row-lease = Lease still runs
row-override = By hand
row-trip = Guard
row-relay = Relay
relay-none = none: without the appliance nothing cuts its power
row-last-heard = Last heard
row-hold = Held
row-lockout = Locked
row-surplus = Surplus now
row-forecast = Sun in the block after
until = until { $time }
override-on = yes

trip-heat = too hot
trip-silence = no answer
trip-lease_expired = lease ran out
trip-unleased_power = drew power without a lease
trip-relay_fault = relay did not obey

why-unheard = No decision has been heard of yet.
why-decided = Decided at { $time }
why-old = Last known decision, of { $time }
why-ladder = Every rule's word, the strongest first

next-unknown = not known
next-at = next decision at { $time }

age = { $age } old
age-unknown = of unknown age
age-never = not measured

alert-no-bus = The connection inside BitGrid is down: nothing on this page is current.
alert-no-data = BitGrid has not told anything yet. This takes some seconds after a start.
alert-old-data = The rules have fallen silent: nothing on this page is current.
alert-degraded = Not measured just now: { $names }. Without it BitGrid starts nothing.
alert-silent = No connection to BitGrid: nothing on this page is current.
alert-noscript = Without JavaScript this page reloads itself every 15 seconds.

flow-sun = Sun
flow-sun-in = produces
flow-sun-out = draws
flow-sun-none = is silent
flow-grid = Grid
flow-grid-in = import
flow-grid-out = export
flow-grid-none = balanced
flow-house = House
flow-house-in = feeds in
flow-house-out = consumes
flow-house-none = consumes nothing
flow-battery = Battery
flow-battery-in = discharges
flow-battery-out = charges
flow-battery-none = rests
flow-loads = Loads
flow-loads-in = feed-in
flow-loads-out = consumption
flow-loads-none = off
flow-miners = Miners
flow-miners-in = feed-in
flow-miners-out = mining
flow-miners-none = off
flow-computed = { $note } (computed)
flow-label = Sun, grid, house, battery and loads with the power that flows now

rule-R1 = Surplus
rule-R2 = Autarky
rule-R3 = Safety
rule-R4 = Forecast
rule-R5 = Stability
rule-USER = By hand
rule-MODE = Autonomy
rule-CLOCK = Clock
rule-USER-short = –
rule-MODE-short = –
rule-CLOCK-short = –

mark-yes = agrees
mark-no = objects
mark-keeps = keeps what is
mark-cap = at most { $level }
mark-open = has nothing to say
binding = decided it
facts = { $value } against { $limit }, { $margin } to spare
facts-beyond = { $value } against { $limit }, { $margin } beyond

action-START = Start
action-STOP = Stop
action-THROTTLE = Level
action-HOLD = As is
log-empty = No decision yet.

control-stop = Stop { $load }
control-stop-for = for { $time }
control-more = Other wishes
control-for = For
control-start = Start
control-level = { $level }
control-end = End what was asked by hand
control-estop = Emergency stop
control-estop-hint = everything off at once; on again only when acknowledged, in { $time } at the earliest
control-ack = Acknowledge the emergency stop
control-hint = Safety and the battery's reserve stay above every wish.

answer-accepted = Accepted. { $text }
answer-accepted-until = Accepted, until { $time }.
answer-refused = Refused: { $text }
answer-no_answer = Sent, but the rules did not answer within 2 seconds. See above whether it has taken effect before you press again; if not, use the switch on the device.
answer-not_sent = Not sent: the connection inside BitGrid is down. Without it the miner goes off by itself within a minute; if you cannot wait, use the switch on the device.

reply-ACKNOWLEDGED = The lockout runs out by itself.
reply-EMERGENCY_STOP = Everything is off.
reply-OVERRIDE_ENDED = The rules go on.
reply-NO_OVERRIDE = nothing is in force that was asked by hand.
reply-TOO_LONG = that is longer than a wish may last.
reply-UNKNOWN_LEVEL = there is no such level.
reply-UNKNOWN_LOAD = there is no such device.
reply-NOT_DURABLE = it could not be written down, and nothing starts without that. Look at the system's health.

health-ok = well
health-warn = not quite well
health-error = failed
health-silent = not heard
config-hash = Configuration

refusal-not_our_page = This did not come from BitGrid's own page, so nothing was done. Open BitGrid anew, allow its cookie, and press the button again.
refusal-unreadable_wish = The form could not be read, so nothing was done. Reload the page and try again.

card-ahead = Prices and forecasts
ahead-empty = Nothing is known yet.
ahead-import-price = Electricity costs
ahead-export-price = Feeding in earns
ahead-pv-hour = Sun, coming hour
ahead-pv-day = Sun, coming 24 h
ahead-load-hour = Household, coming hour
ahead-load-day = Household, coming 24 h
ahead-sats-per-kwh = { $load }: a kWh brings
ahead-hodl-ct-kwh = { $load }: a kWh is worth
ahead-note = { $source }, { $age }
ahead-note-old = { $source }, { $age }: too old to decide by
source-fixed = your fixed tariff
source-time-of-use = your tariff by time of day
source-owner = as you entered it
source-until = { $name } until { $until }, then your fixed price
source-fallback = your fixed price since { $since }: no answer from { $name }
source-clear-sky = clear sky over your roof
source-clear-sky-days = clear sky, { $days ->
    [1] one day measured
   *[other] { $days } days measured
  }
source-learned = learned from { $days ->
    [1] one day
   *[other] { $days } days
  }
source-persistence = , as before where that was better
source-open-meteo = { " " }and open-meteo

login-title = Log in
login-name = Name
login-name-hint = small letters and digits
login-password = Password
login-password-hint = at least 10 characters
login-do = Log in
login-wrong = Name or password is wrong.
login-wrong_code = That is not the code on the device's screen.
login-unfit = A name is small letters and digits, a password at least 10 characters. Nothing was made.
log-out = Log out
begin-title = Welcome
begin-hint = The first account may do everything. Its code is on the device's own screen, or in its file setup-code.
begin-code = Code of the device
begin-do = Make the account
refusal-too_often = That was asked too often, so nothing was done. Wait a minute.
refusal-not_allowed = You may look, but not do this, so nothing was done. Ask an operator of the house.
refusal-session_over = You are not logged in any more, so nothing was done. Log in and try again.
refusal-accounts_unreadable = The accounts cannot be read, so nobody is let in. The log of web says why.
refusal-not_first = Somebody has an account already, so none was made. Log in.

rooms = Rooms
room-now = Now
room-timeline = Timeline
room-plan = Plan
room-energy = Energy
room-devices = Devices
room-rules = Rules
room-system = System
