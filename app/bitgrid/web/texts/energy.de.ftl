# Der Bereich Energie. Namen und Formeln der Kennzahlen stehen in replay/kpi/texts.

span-kind-day = Tag
span-kind-week = Woche
span-kind-month = Monat
span-kind-year = Jahr
span-title-day = { $weekday }, { $day }. { $month } { $year }
span-title-week = Woche { $week }: { $day }. { $month } bis { $last_day }. { $last_month } { $year }
span-title-month = { $month } { $year }
span-title-year = { $year }
span-weekday = { $n ->
    [1] Montag
    [2] Dienstag
    [3] Mittwoch
    [4] Donnerstag
    [5] Freitag
    [6] Samstag
   *[other] Sonntag
  }
span-month = { $n ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[other] Dezember
  }

energy-spans = Zeitraum
energy-steps = Blättern
energy-before = Davor
energy-after = Danach
energy-at = Tag auswählen
energy-go = Zeigen
energy-csv = Tabelle laden (CSV)
energy-report = Bericht { $month } laden
energy-misread = Diesen Tag gibt es im Haus nicht. Hier ist stattdessen heute; oben lässt sich ein anderer Tag wählen.
energy-waiting = Wird ausgerechnet
energy-waiting-note = Die Zahlen kommen aus dem Archiv. Das dauert ein paar Sekunden, denn die Entscheidungen gehen vor.
energy-whole = Ohne JavaScript: hier warten, bis die Zahlen da sind
energy-untold = Gerade keine Zahlen
energy-busy = Gerade werden andere Zahlen ausgerechnet. In einer Minute noch einmal versuchen.
energy-too_slow = Das hat zu lange gedauert. Einen kürzeren Zeitraum wählen.
energy-not_reckoned = Die Zahlen ließen sich nicht ausrechnen:
energy-no_data = Diese Seite läuft ohne die Daten eines Hauses; deshalb gibt es keine Zahlen.
energy-nothing_yet = Von diesem Zeitraum ist noch kein Block vorbei. In einigen Minuten gibt es die ersten Zahlen.

energy-heads = Auf einen Blick
energy-until = Gerechnet bis { $time }; was danach kam, ist noch nicht dabei.
energy-charts = Verlauf
energy-chart-power = Leistung und Ladung, je Block
energy-chart-use = Wohin der Strom ging
energy-chart-sats = Was geschürft wurde
energy-no-chart = Von diesem Zeitraum ist nichts aufgezeichnet.
energy-pv-w = Sonne
energy-house-w = Haushalt
energy-loads-w = Flexible Lasten
energy-grid-w = Netz (+ Bezug, − Einspeisung)
energy-battery-w = Speicher (+ lädt, − entlädt)
energy-soc-pct = Ladung
energy-table = Dieselben Werte als Tabelle
energy-hour = Stunde (Mittel)
energy-day = Tag

energy-paths = Wege der Energie
energy-path = Weg
energy-path-hours = war der beste für
energy-path-energy = Energie
energy-path-sats = Sats
energy-path-euros = Ertrag
energy-path-hodl = Schürfen
energy-path-export = Einspeisen
energy-path-store = Speichern
energy-path-heat = Heizen
energy-paths-note = Der beste Weg ist der, auf dem eine Kilowattstunde Überschuss nach den Preisen des Augenblicks am meisten wert war. Was Gespeichertes wert war, zeigt sich später: als Strom, der nicht gekauft wird.
energy-all = Alle Kennzahlen
