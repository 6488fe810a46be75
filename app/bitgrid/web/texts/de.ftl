# Die eigenen Texte der Seite. Die Sätze zu Entscheidungen stehen in explain/texts.

title = BitGrid – { $site }
tagline = was die Sonne übrig lässt
time-of-house = Uhrzeit im Haus
other-language = English
other-language-hint = This page in English
reload = Zurück zur Seite
failed-title = Das ging nicht
failed-404 = Unter dieser Adresse gibt es nichts.
failed-405 = Diese Adresse nimmt das nicht an; es wurde nichts getan.
failed-413 = Das war zu lang, deshalb wurde nichts getan.
failed-500 = In BitGrid stimmt etwas nicht. Ob etwas getan wurde, zeigt die Seite Jetzt; das Protokoll von web sagt, was nicht stimmt.
failed-otherwise = Diese Anfrage war nicht lesbar, deshalb wurde nichts getan.
refused-title = Es wurde nichts getan

card-now = Jetzt
card-why = Warum
card-next = Als Nächstes
card-flow = Energiefluss
card-control = Von Hand
card-log = Letzte Entscheidungen
card-health = System

load-heading = Miner

now-running = Läuft: { $level }
now-starting = Startet: { $level }
now-blind = An: { $level }
now-off = Aus
now-stopping = Schaltet ab
now-stopped = Zum Schutz abgeschaltet
now-unknown = Nicht bekannt
now-unheard = Noch nichts gehört

row-target = Eingestellt
row-since = Seit
row-temp = Heißester Chip
row-lease = Freigabe noch
row-override = Von Hand
row-trip = Wächter
row-relay = Relais
relay-none = keines: ohne das Gerät nimmt ihm niemand den Strom
row-last-heard = Zuletzt gehört
row-hold = Gehalten
row-lockout = Gesperrt
row-surplus = Überschuss jetzt
row-forecast = Sonne im Block danach
until = bis { $time }
override-on = ja

trip-heat = zu heiß
trip-silence = keine Antwort
trip-lease_expired = Freigabe abgelaufen
trip-unleased_power = Strom ohne Freigabe
trip-relay_fault = Relais gehorcht nicht

why-unheard = Noch ist von keiner Entscheidung etwas bekannt.
why-decided = Entschieden um { $time }
why-old = Letzte bekannte Entscheidung, von { $time }
why-ladder = Das Wort jeder Regel, die stärkste zuerst

next-unknown = nicht bekannt
next-at = nächste Entscheidung um { $time }

age = { $age } alt
age-unknown = Alter unbekannt
age-never = nicht gemessen

alert-no-bus = Die Verbindung in BitGrid ist unterbrochen: Nichts auf dieser Seite ist aktuell.
alert-no-data = BitGrid hat noch nichts gemeldet. Nach einem Start dauert das einige Sekunden.
alert-old-data = Die Regeln sind verstummt: Nichts auf dieser Seite ist aktuell.
alert-degraded = Gerade nicht gemessen: { $names }. Ohne das startet BitGrid nichts.
alert-silent = Keine Verbindung zu BitGrid: Nichts auf dieser Seite ist aktuell.
alert-noscript = Ohne JavaScript lädt sich diese Seite alle 15 Sekunden neu.

flow-sun = Sonne
flow-sun-in = erzeugt
flow-sun-out = bezieht
flow-sun-none = ruht
flow-grid = Netz
flow-grid-in = Bezug
flow-grid-out = Einspeisung
flow-grid-none = ausgeglichen
flow-house = Haus
flow-house-in = speist ein
flow-house-out = verbraucht
flow-house-none = verbraucht nichts
flow-battery = Speicher
flow-battery-in = entlädt
flow-battery-out = lädt
flow-battery-none = ruht
flow-loads = Lasten
flow-loads-in = Einspeisung
flow-loads-out = Verbrauch
flow-loads-none = aus
flow-miners = Miner
flow-miners-in = Einspeisung
flow-miners-out = beim Schürfen
flow-miners-none = aus
flow-computed = { $note } (errechnet)
flow-label = Sonne, Netz, Haus, Speicher und Lasten mit der Leistung, die jetzt fließt

rule-R1 = Überschuss
rule-R2 = Autarkie
rule-R3 = Sicherheit
rule-R4 = Prognose
rule-R5 = Stabilität
rule-USER = Von Hand
rule-MODE = Autonomie
rule-CLOCK = Uhr
rule-USER-short = –
rule-MODE-short = –
rule-CLOCK-short = –

mark-yes = stimmt zu
mark-no = ist dagegen
mark-keeps = lässt, was ist
mark-cap = höchstens { $level }
mark-open = sagt nichts dazu
binding = gab den Ausschlag
facts = { $value } bei Grenze { $limit }, { $margin } Spielraum
facts-beyond = { $value } bei Grenze { $limit }, um { $margin } verfehlt

action-START = Start
action-STOP = Stopp
action-THROTTLE = Stufe
action-HOLD = Bleibt
log-empty = Noch keine Entscheidung.

control-stop = { $load } stoppen
control-stop-for = für { $time }
control-more = Andere Wünsche
control-for = Für
control-start = Starten
control-level = { $level }
control-end = Handbetrieb beenden
control-estop = Not-Halt
control-estop-hint = sofort alles aus; wieder an erst nach dem Quittieren, frühestens in { $time }
control-ack = Not-Halt quittieren
control-hint = Sicherheit und Speicherreserve gehen jedem Wunsch vor.

answer-accepted = Angenommen. { $text }
answer-accepted-until = Angenommen, bis { $time }.
answer-refused = Abgelehnt: { $text }
answer-no_answer = Gesendet, aber die Regeln haben binnen 2 Sekunden nicht geantwortet. Oben ist zu sehen, ob es gewirkt hat; wenn nicht, den Schalter am Gerät benutzen.
answer-not_sent = Nicht gesendet: Die Verbindung in BitGrid ist unterbrochen. Ohne sie geht der Miner binnen einer Minute von selbst aus; wer nicht warten kann, benutzt den Schalter am Gerät.

reply-ACKNOWLEDGED = Die Sperre läuft von selbst ab.
reply-EMERGENCY_STOP = Alles ist aus.
reply-OVERRIDE_ENDED = Die Regeln machen weiter.
reply-NO_OVERRIDE = von Hand ist gerade nichts verlangt.
reply-TOO_LONG = so lange darf ein Wunsch nicht gelten.
reply-UNKNOWN_LEVEL = diese Stufe gibt es nicht.
reply-UNKNOWN_LOAD = dieses Gerät gibt es nicht.
reply-NOT_DURABLE = es ließ sich nicht festhalten, und ohne das startet nichts. Unten steht, was dem System fehlt.

health-ok = in Ordnung
health-warn = nicht ganz in Ordnung
health-error = ausgefallen
health-silent = nicht zu hören
config-hash = Konfiguration

refusal-not_our_page = Das kam nicht von BitGrids eigener Seite, deshalb wurde nichts getan. BitGrid neu öffnen, sein Cookie zulassen und den Knopf noch einmal drücken.
refusal-unreadable_wish = Das Formular war nicht lesbar, deshalb wurde nichts getan. Seite neu laden und noch einmal versuchen.

card-ahead = Preise und Aussichten
ahead-empty = Noch ist nichts bekannt.
ahead-import-price = Strom kostet
ahead-export-price = Einspeisen bringt
ahead-pv-hour = Sonne, kommende Stunde
ahead-pv-day = Sonne, kommende 24 h
ahead-load-hour = Haushalt, kommende Stunde
ahead-load-day = Haushalt, kommende 24 h
ahead-sats-per-kwh = { $load }: eine kWh bringt
ahead-hodl-ct-kwh = { $load }: eine kWh ist wert
ahead-note = { $source }, { $age }
ahead-note-old = { $source }, { $age }: zu alt, um danach zu entscheiden
source-fixed = fester Tarif
source-time-of-use = Tarif nach Tageszeit
source-owner = selbst eingetragen
source-until = { $name } bis { $until }, danach der feste Preis
source-fallback = fester Preis seit { $since }: keine Antwort von { $name }
source-clear-sky = klarer Himmel über dem Dach
source-clear-sky-days = klarer Himmel, { $days ->
    [1] ein Tag gemessen
   *[other] { $days } Tage gemessen
  }
source-learned = gelernt aus { $days ->
    [1] einem Tag
   *[other] { $days } Tagen
  }
source-persistence = , wie zuletzt, wo das besser war
source-open-meteo = { " " }und open-meteo

login-title = Anmelden
login-name = Name
login-name-hint = Kleinbuchstaben und Ziffern
login-password = Passwort
login-password-hint = mindestens 10 Zeichen
login-do = Anmelden
login-wrong = Name oder Passwort stimmt nicht.
login-wrong_code = Das ist nicht der Code auf dem Bildschirm des Geräts.
login-unfit = Ein Name besteht aus Kleinbuchstaben und Ziffern, ein Passwort aus mindestens 10 Zeichen. Nichts wurde angelegt.
log-out = Abmelden
begin-title = Willkommen
begin-hint = Das erste Konto darf alles. Sein Code steht auf dem Bildschirm des Geräts oder in dessen Datei setup-code.
begin-code = Code des Geräts
begin-do = Konto anlegen
refusal-too_often = Das kam zu oft hintereinander, deshalb wurde nichts getan. Eine Minute warten.
refusal-not_allowed = Dieses Konto darf zusehen, das aber nicht; deshalb wurde nichts getan. Dafür braucht es eine Bedienerin oder einen Bediener des Hauses.
refusal-session_over = Die Anmeldung ist abgelaufen, deshalb wurde nichts getan. Neu anmelden und noch einmal versuchen.
refusal-accounts_unreadable = Die Konten sind nicht lesbar, deshalb wird niemand eingelassen. Das Protokoll von web sagt, warum.
refusal-not_first = Es gibt schon ein Konto, deshalb wurde keines angelegt. Bitte anmelden.

rooms = Bereiche
room-now = Jetzt
room-timeline = Verlauf
room-plan = Plan
room-energy = Energie
room-devices = Geräte
room-rules = Regeln
room-system = System
