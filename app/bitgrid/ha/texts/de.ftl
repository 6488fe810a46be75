# Was Home Assistant zeigt: Namen von Geräten und Entitäten, und Zustände, die Worte sind.

model-house = Haus
model-miner = Miner
model-load = Last

entity-pv_power_w = Sonne
entity-house_load_w = Haushalt
entity-grid_power_w = Netz (Bezug +, Einspeisung −)
entity-battery_power_w = Speicher (lädt +, entlädt −)
entity-battery_soc_pct = Ladestand des Speichers
entity-surplus_w = Überschuss
entity-health = System
entity-autonomy_sensor = Autonomie
entity-autonomy_select = Autonomie
entity-answer = Antwort auf einen Wunsch
entity-pv_kwh = Sonne heute
entity-grid_import_kwh = Netzbezug heute
entity-grid_export_kwh = Einspeisung heute
entity-loads_kwh = Lasten heute
entity-autarky_pct = Autarkie heute
entity-self_consumption_pct = Eigenverbrauch heute
entity-sats = Sats heute
entity-value_against_export_eur = Gewinn gegenüber Einspeisen heute
entity-export = Forschungspaket erstellen (7 Tage)

entity-power_w = Leistung
entity-level = Stufe
entity-rule = Regel
entity-sentence = Warum
entity-next_change = Nächste Änderung frühestens
entity-temp_c = Heißester Chip
entity-hashrate_ths = Rechenleistung
entity-decision = Entscheidung
entity-stop = Stoppen
entity-boost = Volle Leistung

autonomy-manual = Von Hand
autonomy-assisted = Mit Zustimmung
autonomy-semi = Startet selbst
autonomy-full = Selbstständig

status-ok = In Ordnung
status-warn = Nicht ganz in Ordnung
status-error = Gestört

problem = { $component }: { $reason }
problem-silent = { $component }: nicht zu hören

answer-too_often = Das kam zu oft, deshalb wurde nichts getan. Eine Minute warten.
answer-unreadable = Das war nicht lesbar, deshalb wurde nichts getan.
answer-autonomy_locked = Home Assistant darf die Autonomie dieses Hauses nicht ändern, deshalb wurde nichts getan.
answer-research_off = Forschung ist in diesem Haus abgeschaltet, deshalb wurde nichts herausgegeben.
answer-export_begun = Das Paket { $days ->
        [1] des letzten Tages
       *[other] der letzten { $days } Tage
    } wird erstellt.
answer-export_running = Es läuft noch andere Arbeit, deshalb wurde kein Paket begonnen. Später noch einmal versuchen.
