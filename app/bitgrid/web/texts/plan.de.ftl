# Plan, Was-wäre-wenn und Folgen eines Wunsches.

consequence-refused = Das würde jetzt abgelehnt ({ $rule }). { $then }
consequence-broken = { $rule } beendet das wieder, etwa um { $at } (in { $left }). { $then }
consequence-ends = Gilt bis { $until }. Danach, wie es jetzt aussieht: { $then }
consequence-open = Gilt bis { $until }. Bis { $at } steht nach der Vorhersage nichts dagegen; weiter reicht sie nicht.
consequence-end = Die Regeln entscheiden sofort wieder selbst. { $then }

plan-day-title = Plan für die nächsten 24 Stunden
plan-note = Nach dem Stand von { $at } (vor { $age }). Eine Vorschau, kein Versprechen: In jedem Block wird neu entschieden, nach dem, was dann gemessen wird.
plan-old = Die letzte Entscheidung ist { $age } alt, die Regeln schweigen. Nach diesem Plan darf sich niemand richten.
plan-no-forecast = Es gibt keine Vorhersage; deshalb lässt sich nur der nächste Block sagen.
plan-each = Block für Block
plan-when = Zeit
plan-surplus = Überschuss
plan-charge = Speicher
plan-action = Was geschieht
plan-rule = Regel
plan-why = Warum
plan-between = { $low } bis { $high }
plan-START = startet
plan-STOP = stoppt
plan-THROTTLE = wechselt
plan-HOLD = bleibt

whatif-title = Was wäre, wenn
whatif-hint = Andere Werte für die letzte Entscheidung: Die Regeln antworten sofort. Geschaltet wird nichts.
whatif-pv_power_w = Sonne
whatif-house_load_w = Haushalt
whatif-battery_soc_pct = Speicher
whatif-import_price_ct_kwh = Strompreis
whatif-temp_c = Heißester Chip
whatif-do = Entscheiden lassen
whatif-reset = Zurück zum Gemessenen
whatif-hypothetical = Nur angenommen
whatif-as-it-is = Wie gemessen
whatif-now = Entschieden wurde: { $sentence }
whatif-moved = { $name }: { $before } → { $after }
whatif-follows = folgt daraus: { $text }
whatif-no-number = Das ist keine Zahl.
whatif-bad = Eine der Angaben ist keine Zahl. Nichts wurde gerechnet, alles Eingetragene ist noch da.
whatif-lacks-forecast = Die Vorhersage von damals fehlt; deshalb schaut die Prognose hier nicht voraus.

refusal-nothing_decided = Noch ist nichts entschieden, deshalb lässt sich nichts vorhersagen. In einigen Minuten noch einmal ansehen.
refusal-not_readable = Die letzten Aufzeichnungen lassen sich nicht lesen; das Protokoll von web sagt, warum.
refusal-rules_silent = Die letzte Entscheidung ist zu alt, um zu sagen, was daraus würde.
refusal-bad_value = Einer der Werte kann nicht sein. Nichts wurde gerechnet, alles Eingetragene ist noch da.
