# Texte des Bereichs „Jetzt“, die zu Plan, Wünschen und Autonomie gehören.

now-title = Jetzt bei { $site }
skip = Zum Inhalt
kiosk-open = Ansicht für die Wand
flow-still = Bild anhalten
age-live = vor { $age }
time-left = noch { $time }
from-to = { $begins }–{ $ends }

next-plan = Die kommenden Stunden
plan-on = an: { $level }
plan-off = aus
plan-unknown = Weiter als bis zur nächsten Entscheidung ist nichts vorhergesagt.

control-stop-for-good = für { $time }; danach bleibt das Gerät aus, bis es jemand startet
control-stop-as-long = So lange stoppen
control-observer = Dieses Konto sieht zu. Bedienen kann, wer das Haus bedienen darf.
control-ack-hint = die Sperre läuft von selbst ab, dann entscheiden wieder die Regeln

autonomy-now = Autonomie: { $name }
autonomy-0 = nur auf Zuruf
autonomy-0-means = BitGrid schützt nur und sagt, was es täte.
autonomy-0-then = BitGrid startet dann nichts mehr von selbst und schaltet nur noch zum Schutz ab. Was es täte, sagt es. Ist ein Wunsch von Hand zu Ende, geht das Gerät aus.
autonomy-1 = mit Zustimmung
autonomy-1-means = Jedes Schalten wartet auf ein Ja.
autonomy-1-then = Jedes Schalten wartet dann auf ein Ja, höchstens bis zum Ende seines Blocks; nur zum Schutz schaltet BitGrid von selbst ab. Ist ein Wunsch von Hand zu Ende, geht das Gerät aus.
autonomy-2 = halb selbständig
autonomy-2-means = Startet selbst; Abschalten aus Sparsamkeit wartet.
autonomy-2-then = BitGrid startet dann von selbst. Aus Sparsamkeit schaltet es erst nach einem Ja ab, spätestens aber nach drei Blöcken. Ist ein Wunsch von Hand zu Ende, geht das Gerät aus.
autonomy-3 = selbständig
autonomy-3-means = Die Regeln schalten von selbst.
autonomy-3-then = Die Regeln schalten dann alles von selbst, auch wenn ein Wunsch von Hand zu Ende ist.

waits-title = Wartet auf ein Ja
waits-start = Ja, { $load } starten: { $level }
waits-stop = Ja, { $load } abschalten
waits-change = Ja, { $load } auf { $level }
waits-then-start = Einmal gestartet, bleibt das Gerät mindestens { $time } an, außer zum Schutz.
waits-then-stop = Einmal abgeschaltet, ruht das Gerät mindestens { $time }.
waits-then-change = Zum Schutz kann BitGrid trotzdem jederzeit abschalten.

wish-start = { $load } für { $time } starten?
wish-stop = { $load } für { $time } stoppen?
wish-level = { $load } für { $time } auf { $level }?
wish-end = Handbetrieb für { $load } beenden?
wish-autonomy = Autonomie: { $name }?
wish-unforeseen = Was daraus wird, ist gerade nicht vorherzusagen. { $why }
wish-note = Sicherheit und Speicherreserve gehen jedem Wunsch vor. Gefragt werden gleich die Regeln; dies ist nur ihre Voraussage.
wish-yes = Ja, so machen
wish-try = Trotzdem fragen
wish-no = Doch nicht

reply-AUTONOMY = Das gilt ab sofort.
reply-CONFIRMED = Es wird geschaltet.
reply-STILL_PRESSED = der Not-Halt-Taster ist noch gedrückt. Erst lösen, dann quittieren.
reply-MODE_FREE = darauf wartet nichts mehr.
reply-MODE_FULL = darauf wartet nichts mehr, BitGrid schaltet selbst.
reply-MODE_WAITS = darauf wartet nichts mehr; was jetzt wartet, steht oben.
reply-MODE_SUGGESTS = BitGrid steht auf Handbetrieb; einen Start von Hand gibt es unter „Andere Wünsche“.

unforeseen-rules_silent = Die letzte Entscheidung ist zu alt, um etwas vorherzusagen.
unforeseen-nothing_decided = Noch ist nichts entschieden. In ein paar Minuten noch einmal fragen.
unforeseen-not_readable = Die letzten Aufzeichnungen sind nicht lesbar.
unforeseen-no_override = Von Hand ist gerade nichts verlangt.
unforeseen-unknown_level = Diese Stufe gibt es nicht.
unforeseen-unknown_load = Dieses Gerät gibt es nicht.
unforeseen-too_long = So lange darf ein Wunsch nicht gelten.
