# Texts of the room "Now" that belong to the plan, to wishes and to autonomy.

now-title = Now at { $site }
skip = To the content
kiosk-open = View for the wall
flow-still = Hold the picture still
age-live = { $age } ago
time-left = { $time } left
from-to = { $begins }–{ $ends }

next-plan = The coming hours
plan-on = on: { $level }
plan-off = off
plan-unknown = Nothing is foreseen beyond the next decision.

control-stop-for-good = for { $time }; then it stays off until somebody starts it
control-stop-as-long = Stop for as long
control-observer = This account looks on. Whoever may operate the house can act here.
control-ack-hint = the lockout runs out by itself, then the rules decide again

autonomy-now = Autonomy: { $name }
autonomy-0 = only when told
autonomy-0-means = BitGrid only protects, and says what it would do.
autonomy-0-then = BitGrid then starts nothing by itself any more, and stops only to protect. It says what it would do. When something asked by hand ends, the device goes off.
autonomy-1 = with your yes
autonomy-1-means = Every switch waits for a yes.
autonomy-1-then = Every switch then waits for a yes, until its block ends at most; by itself BitGrid stops only to protect. When something asked by hand ends, the device goes off.
autonomy-2 = half by itself
autonomy-2-means = Starts by itself; stops to save wait.
autonomy-2-then = BitGrid then starts by itself. To save it stops only after a yes, but after three blocks at the latest. When something asked by hand ends, the device goes off.
autonomy-3 = by itself
autonomy-3-means = The rules switch by themselves.
autonomy-3-then = The rules then switch everything by themselves, also when something asked by hand ends.

waits-title = Waits for a yes
waits-start = Yes, start { $load }: { $level }
waits-stop = Yes, stop { $load }
waits-change = Yes, set { $load } to { $level }
waits-then-start = Once started, the device stays on for at least { $time }, except to protect.
waits-then-stop = Once stopped, the device rests for at least { $time }.
waits-then-change = To protect, BitGrid may still stop it at any time.

wish-start = Start { $load } for { $time }?
wish-stop = Stop { $load } for { $time }?
wish-level = Set { $load } to { $level } for { $time }?
wish-end = End what was asked of { $load } by hand?
wish-autonomy = Autonomy: { $name }?
wish-unforeseen = What will come of it cannot be foreseen just now. { $why }
wish-note = Safety and the battery's reserve stay above every wish. The rules themselves are asked next; this is only what they foresee.
wish-yes = Yes, do it
wish-try = Ask all the same
wish-no = Rather not

reply-AUTONOMY = It holds from now on.
reply-CONFIRMED = It is being switched.
reply-STILL_PRESSED = the emergency-stop button is still pressed. Release it, then acknowledge.
reply-MODE_FREE = nothing waits for that any more.
reply-MODE_FULL = nothing waits for that any more, BitGrid switches by itself.
reply-MODE_WAITS = that does not wait any more; what waits now is shown above.
reply-MODE_SUGGESTS = BitGrid acts only when told; a start by hand is under "Other wishes".

unforeseen-rules_silent = The last decision is too old to foresee anything by.
unforeseen-nothing_decided = Nothing is decided yet. Ask again in some minutes.
unforeseen-not_readable = The newest records cannot be read.
unforeseen-no_override = Nothing is in force that was asked by hand.
unforeseen-unknown_level = There is no such level.
unforeseen-unknown_load = There is no such device.
unforeseen-too_long = That is longer than a wish may last.
