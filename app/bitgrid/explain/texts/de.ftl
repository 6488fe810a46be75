# Sätze zu Entscheidungen; wie sie gebaut sind, steht in en.ftl.

sentence = { CAP($cause) }: { CAP($outcome) }.

outcome-START = { $load } startet mit { $power }
outcome-STOP = { $load } wird abgeschaltet
outcome-THROTTLE = { $load } wechselt auf { $level }, { $power }
outcome-HOLD-ON = { $load } läuft weiter mit { $power }
outcome-HOLD-OFF = { $load } bleibt aus

unreadable = Es wurde etwas entschieden, das diese Version nicht lesen kann
unknown-code = Regel { $rule } hat aus einem Grund entschieden, für den diese Version keine Worte hat ({ $code })

waiting = die nächste reguläre Entscheidung fällt um { $next_tick }, vorher ändert sich wegen des Überschusses nichts

mining-brings = { $worth ->
        [near] Schürfen bringt { $hodl_ct_kwh }, das sind keine { $value_margin_ct_kwh } mehr
       *[less] Schürfen bringt nur { $hodl_ct_kwh }
    }

default-load = der Miner
level-eco = Sparbetrieb
level-full = volle Leistung
level-off = aus
level-other = Stufe { $level }

R1_SURPLUS_OK = die Sonne lässt { $surplus_kw } übrig, genug für volle Leistung
    .plain = die Sonne lässt genug für volle Leistung übrig
R1_SURPLUS_ECO = die Sonne lässt { $surplus_kw } übrig, genug für den Sparbetrieb
    .plain = die Sonne lässt genug für den Sparbetrieb übrig
R1_INSUFFICIENT_SURPLUS = { $sign ->
        [negative] es bleibt nichts übrig ({ $surplus_w }), nötig sind { $min_surplus_w }
       *[positive] nur { $surplus_w } bleiben übrig, nötig sind { $min_surplus_w }
    }
    .plain = es bleibt zu wenig Strom übrig
R1_PRICE_TOO_HIGH = Netzstrom kostet { $import_price_ct_kwh }, mehr als die erlaubten { $max_import_price_ct_kwh }
    .plain = Netzstrom ist teurer als erlaubt
R1_NO_DATA = der Überschuss ist gerade nicht bekannt
    .plain = der Überschuss ist gerade nicht bekannt
R1_NOT_WORTH_IT = Einspeisen bringt { $export_price_ct_kwh }, und { mining-brings }
    .plain = Einspeisen bringt mehr als Schürfen
R1_CHEAP_GRID = eine Gelegenheit: Netzstrom kostet { $import_price_ct_kwh }, und Schürfen bringt damit { $hodl_ct_kwh }
    .plain = eine Gelegenheit: Schürfen bringt mehr, als der Netzstrom kostet

R2_OK = das Haus behält seine Reserve, und der Netzbezug ist in seiner Grenze
    .plain = das Haus behält seine Reserve, und der Netzbezug ist in seiner Grenze
R2_HARD_RESERVE = der Speicher steht bei { $battery_soc_pct }, und { $soc_hard_min_pct } davon gehören dem Haus
    .plain = die Reserve im Speicher gehört dem Haus
R2_SOFT_RESERVE = der Speicher steht bei { $battery_soc_pct }, und erst über { $soc_soft_min_pct } startet wieder etwas
    .plain = der Speicher muss erst voller werden, bevor etwas startet
R2_GRID_IMPORT = das Haus bezieht { $grid_power_60s_w } aus dem Netz, mehr als die erlaubten { $max_grid_import_w }
    .plain = das Haus bezieht mehr Strom aus dem Netz als erlaubt

R3_OK = keine Schutzgrenze ist berührt
    .plain = keine Schutzgrenze ist berührt
R3_OVER_TEMP = { $seen ->
        [guard] der Wächter hat mehr Hitze gemessen als die erlaubten { $max_temp_c } und den Strom abgeschaltet
       *[here] der heißeste Chip hat { $temp_c }, die Grenze liegt bei { $max_temp_c }
    }
    .plain = der heißeste Chip ist über seiner Grenze
R3_ROOM_TEMP = der Raum hat { $room_temp_c }, die Grenze liegt bei { $max_room_temp_c }
    .plain = der Raum ist zu heiß
R3_LOAD_SILENT = seit { $age_s } kommt keine Antwort mit Temperatur, die Grenze liegt bei { $comm_timeout_s }
    .plain = es kommt keine Antwort mit Temperatur mehr
R3_METER_SILENT = ein nötiger Messwert fehlt ({ $meters })
    .plain = ein nötiger Messwert fehlt
R3_EMERGENCY_STOP = der Not-Halt ist gedrückt
    .plain = der Not-Halt ist gedrückt
R3_UPS_ON_BATTERY = der Strom ist ausgefallen, BitGrid läuft auf seinem Notstromakku
    .plain = der Strom ist ausgefallen, BitGrid läuft auf seinem Notstromakku
R3_FIRST_RUN = BitGrid ist noch nicht fertig eingerichtet
    .plain = BitGrid ist noch nicht fertig eingerichtet
R3_LOCKOUT = { $passed ->
        [yes] nach der Schutzabschaltung ist es noch zu heiß: { $temp_c }, es müssen weniger als { $resume_temp_c } sein
       *[no] nach einer Schutzabschaltung startet vor { $lockout_until_s } nichts
    }
    .plain = nach einer Schutzabschaltung sind erst Ruhe und Abkühlung nötig
R3_CONTROLLER_LOST = ein Programm, das die Last steuert, fehlt
    .plain = ein Programm, das die Last steuert, fehlt
R3_GUARD_TRIP = der Wächter hat den Strom von sich aus abgeschaltet
    .plain = der Wächter hat den Strom von sich aus abgeschaltet
R3_GRID_LIMIT = der Netzbetreiber erlaubt den Lasten zusammen { $grid_limit_w }, { $loads_before_w } davon sind vergeben, die nächste Stufe braucht { $next_level_w }
    .plain = der Netzbetreiber begrenzt gerade, was die Lasten ziehen dürfen
R3_NEAR_LIMIT = der heißeste Chip hat { $temp_c }, nah an der Grenze von { $max_temp_c }, erlaubt ist höchstens { $wish_level }
    .plain = der heißeste Chip ist nah an seiner Grenze, eine höhere Stufe ist nicht erlaubt
R3_DRIFT = die Effizienz ist { $measured_j_per_th } statt { $profile_j_per_th }, erlaubt ist höchstens { $wish_level }
    .plain = die Effizienz weicht weit vom Profil ab, eine höhere Stufe ist nicht erlaubt

R4_OFF = die Prognoseregel ist abgeschaltet
    .plain = die Prognoseregel ist abgeschaltet
R4_ABSTAINS = es steht nichts in Frage, oder es fehlt die Prognose dazu
    .plain = es steht nichts in Frage, oder es fehlt die Prognose dazu
R4_SPARE = { $course ->
        [spills] der Speicher ist voraussichtlich bis { $moment } voll, und dann blieben { $spilled_wh } übrig
        [empties] was jetzt geschürft wird, kostet das Haus { $displaced_ct_kwh }, und Schürfen bringt { $hodl_ct_kwh }
        [open] was jetzt geschürft wird, kostet das Haus { $displaced_ct_kwh }, und Schürfen bringt { $hodl_ct_kwh }
       *[none] die kommenden Blöcke lassen voraussichtlich { $predicted_surplus_w } übrig, genug für einen Start
    }
    .plain = die kommenden Blöcke lassen voraussichtlich genug übrig
R4_BATTERY_FIRST = { $course ->
        [empties] der Speicher ist voraussichtlich bis { $moment } leer, deshalb kostet das Haus { $displaced_ct_kwh }, was jetzt geschürft wird, und { mining-brings }
       *[open] nach der Prognose kostet das Haus { $displaced_ct_kwh }, was jetzt geschürft wird, und { mining-brings }
    }
    .plain = was jetzt geschürft wird, kostet das Haus mehr, als es bringt
R4_PRESTART = die kommenden Blöcke lassen voraussichtlich { $predicted_surplus_w } übrig, deutlich mehr als die nötigen { $min_surplus_w }
    .plain = die kommenden Blöcke lassen voraussichtlich deutlich mehr übrig als nötig
R4_SUN_LEAVES = die Sonne geht, und die kommenden Blöcke lassen voraussichtlich nur { $predicted_surplus_w } übrig
    .plain = die Sonne geht, und die kommenden Blöcke lassen voraussichtlich nicht genug übrig
R4_FORECAST_LOW = die kommenden Blöcke lassen voraussichtlich nur { $predicted_surplus_w } übrig, nötig sind { $min_surplus_w }
    .plain = die kommenden Blöcke lassen voraussichtlich nicht genug übrig
R4_PRICE_SPIKE = Netzstrom kostet bald { $import_price_ct_kwh }, mehr als { $price_spike_ct_kwh }, und die Sonne deckt das voraussichtlich nicht
    .plain = Netzstrom wird bald teuer, und die Sonne deckt das voraussichtlich nicht

R5_FREE = keine Haltezeit läuft
    .plain = keine Haltezeit läuft
R5_MIN_RUNTIME = einmal gestartet, bleibt das Gerät bis { $until } an, damit es nicht flattert
    .plain = einmal gestartet, bleibt das Gerät eine Weile an, damit es nicht flattert
R5_MIN_PAUSE = einmal abgeschaltet, ruht das Gerät bis { $until }, damit es nicht flattert
    .plain = einmal abgeschaltet, ruht das Gerät eine Weile, damit es nicht flattert
R5_DEADBAND = gerade erst wurde geschaltet, bis { $until } bleibt es dabei
    .plain = gerade erst wurde geschaltet, eine Weile bleibt es dabei
R5_MAX_STARTS = heute gab es schon { $starts } Starts, erlaubt sind { $max_starts_per_day }
    .plain = für heute gab es genug Starts

USER_START = von Hand wurde ein Start verlangt, bis { $ends_at_s }
    .plain = von Hand wurde ein Start verlangt
USER_STOP = von Hand wurde eine Abschaltung verlangt, bis { $ends_at_s }
    .plain = von Hand wurde eine Abschaltung verlangt
USER_LEVEL = von Hand wurde diese Stufe verlangt, bis { $ends_at_s }
    .plain = von Hand wurde diese Stufe verlangt
USER_NONE = von Hand wurde nichts verlangt
    .plain = von Hand wurde nichts verlangt
MODE_FULL = BitGrid darf selbst schalten
    .plain = BitGrid darf selbst schalten
MODE_FREE = dem muss niemand zustimmen
    .plain = dem muss niemand zustimmen
MODE_SUGGESTS = { $wish ->
        [start] BitGrid würde starten ({ $wish_level })
        [change] BitGrid würde auf { $wish_level } wechseln
       *[stop] BitGrid würde abschalten
    }, steht aber auf Handbetrieb und sagt es nur
    .plain = BitGrid steht auf Handbetrieb und sagt nur, was es täte
MODE_WAITS = { $wish ->
        [start] BitGrid würde starten ({ $wish_level }) und wartet bis { $answer_until } auf Zustimmung
        [change] BitGrid würde auf { $wish_level } wechseln und wartet bis { $answer_until } auf Zustimmung
       *[stop] { $without ->
            [it] BitGrid würde abschalten und wartet auf Zustimmung; ohne sie schaltet es um { $answer_until } trotzdem ab
           *[nothing] BitGrid würde abschalten und wartet bis { $answer_until } auf Zustimmung
        }
    }
    .plain = BitGrid wartet auf Zustimmung
MODE_CONFIRMED = dem hat jemand zugestimmt
    .plain = dem hat jemand zugestimmt
MODE_OVERRIDE_ENDED = die Zeit für den Wunsch von Hand ist um, und BitGrid darf nicht selbst weitermachen
    .plain = die Zeit für den Wunsch von Hand ist um, und BitGrid darf nicht selbst weitermachen

CLOCK_STEADY = die Uhr geht gleichmäßig
    .plain = die Uhr geht gleichmäßig
CLOCK_RESYNC = die Uhr ist gesprungen oder BitGrid hat gerade neu begonnen, ein Block wird abgewartet
    .plain = die Uhr ist gesprungen oder BitGrid hat gerade neu begonnen, ein Block wird abgewartet
CLOCK_OVERRUN = die Entscheidung kam zu spät für ihren Block
    .plain = die Entscheidung kam zu spät für ihren Block

signal-grid_power_w = Netzleistung
signal-pv_power_w = Solarleistung
signal-house_load_w = Hausverbrauch
signal-battery_power_w = Speicherleistung
signal-battery_soc_pct = Ladestand
signal-grid_power_60s_w = Netzleistung über eine Minute
signal-room_temp_c = Raumtemperatur
signal-grid_limit_w = Grenze des Netzbetreibers
signal-import_price_ct_kwh = Preis für Netzstrom
signal-export_price_ct_kwh = Einspeisevergütung
signal-hodl_ct_kwh = Wert des Schürfens
signal-sats_per_kwh = Ertrag des Schürfens

balance = Zähler und Wechselrichter widersprechen sich: Nach dem Zähler bleiben { $by_meter } übrig, nach dem Wechselrichter { $house ->
        [none] höchstens { $by_inverter }.
       *[measured] { $by_inverter }.
    }
balance-sign = Ein falsches Vorzeichen bei „{ $name }“ würde das erklären; zeigt das Gerät selbst es umgekehrt an, gehört in site.yaml: { $lines }.
balance-line = { $line } bei { $device }
balance-open = Kein einzelnes falsches Vorzeichen erklärt das: bitte die Anzeige jedes Geräts ansehen, und ob etwas doppelt oder gar nicht gemessen wird.
policy-fallback = Was Schürfen bringt, ist gerade nicht zu beziffern; deshalb gilt „{ $policy }“ statt „{ $chosen }“.
policy-old = Der Wert des Schürfens ({ $worth }) ist { $age } alt, zu alt, um danach zu entscheiden; deshalb gilt „{ $policy }“ statt „{ $chosen }“.
policy-local_first = lokal zuerst
policy-best_value = bester Wert
policy-stack = stapeln
paths = Eine überschüssige Kilowattstunde ist wert: { $worths }.
path-export = eingespeist { $worth }
path-store = gespeichert { $worth }
path-heat = als Wärme { $worth }
path-hodl = geschürft { $worth }

alternative = { CAP($outcome) }, wenn { $condition }.
would-START = { $load } würde starten ({ $level })
would-STOP = { $load } würde abgeschaltet
would-THROTTLE = { $load } würde auf { $level } wechseln
would-HOLD-ON = { $load } liefe weiter
would-HOLD-OFF = { $load } bliebe aus
if-other = { $name } um { $change } { $way ->
        [more] höher
       *[less] niedriger
    } wäre ({ $value })
if-grid = der Zähler { $way ->
        [export] { $value } Einspeisung
        [import] { $value } Bezug
        [export-more] { $change } mehr Einspeisung
        [export-less] { $change } weniger Einspeisung
        [import-more] { $change } mehr Bezug
        [import-less] { $change } weniger Bezug
        [to-export] { $value } Einspeisung statt { $present } Bezug
       *[to-import] { $value } Bezug statt { $present } Einspeisung
    } zeigte
if-age = die letzte Antwort { $value } alt wäre
the-pv_power_w = die Solarleistung
the-house_load_w = der Hausverbrauch
the-battery_power_w = die Ladeleistung des Speichers
the-battery_soc_pct = der Ladestand des Speichers
the-room_temp_c = die Raumtemperatur
the-grid_limit_w = die Grenze des Netzbetreibers
the-import_price_ct_kwh = der Preis für Netzstrom
the-export_price_ct_kwh = die Einspeisevergütung
the-hodl_ct_kwh = der Wert des Schürfens
the-sats_per_kwh = der Ertrag des Schürfens
the-load-power_w = die Leistung der Last
the-load-temp_c = die Temperatur des heißesten Chips
the-load-hashrate_ths = die Rechenleistung der Last
