# Verlauf: ein Tag als Band, jede Entscheidung mit ihren Gründen.

timeline-title = Verlauf eines Tages
timeline-day = Tag
timeline-day-before = Tag davor
timeline-day-after = Tag danach
timeline-load = Gerät
timeline-show = Zeigen
timeline-show-switches = Schaltungen
timeline-show-between = zwischen den Blöcken
timeline-show-all = alles
timeline-rule = Ausschlag gab
timeline-rule-any = gleich welche Regel
timeline-do-show = Anzeigen
timeline-block = Block
timeline-choose = … aussuchen
timeline-do-pick = Ansehen
timeline-before = ‹ früher
timeline-after = später ›
timeline-list = Entscheidungen
timeline-none = Davon gab es an diesem Tag keine.
timeline-empty = An diesem Tag wurde nichts entschieden.
timeline-newest = Zum letzten Tag mit Entscheidungen
timeline-no-day = Das ist kein Tag, den dieses Haus kennt. Gezeigt wird der letzte.
timeline-no-decision = Diese Entscheidung steht nicht im Verlauf dieses Tages.
timeline-summary = { $starts ->
    [0] Kein Start
    [1] Ein Start
   *[other] { $starts } Starts
  }, eingeschaltet { $on }.
timeline-decision = Leistung, bis { $high }
timeline-rule-lane = Regel
timeline-surplus = Überschuss, { $low } bis { $high }
timeline-soc = Speicher, 0 bis { $high }
timeline-price = Strompreis, { $low } bis { $high }

picked-title = { $load } um { $at }
picked-beside = In diesem Block wurde mehr als einmal entschieden:
picked-detail = Ausführlich: das Wort jeder Regel
picked-technical = Technisch: was aufgezeichnet ist
picked-votes = Stimmen
picked-signals = Messwerte, nach denen entschieden wurde
picked-rule = Regel
picked-rank = Rang
picked-vote = Stimme
picked-code = Grund
picked-inputs = Werte
picked-thresholds = Grenzen
picked-margin = Spielraum
picked-signal = Messwert
picked-value = Wert
picked-age = Alter
picked-quality = Güte
picked-source = Quelle
picked-raw = Der ganze Eintrag, wie er geschrieben steht

replay-do = Noch einmal entscheiden
replay-hint = Die Regeln entscheiden aus dem Aufgezeichneten neu. Geschaltet wird dabei nichts.
replay-same = Dieselben { $size } Bytes: Es kam genau dasselbe heraus.
replay-differs = Es kam etwas anderes heraus, als aufgezeichnet ist.
replay-form = Die Werte sind dieselben, aber der Eintrag ist anders geschrieben, als die Regeln ihn schreiben.
replay-lost = Es lässt sich nicht noch einmal entscheiden.
replay-changes = Was sich unterscheidet
replay-place = Stelle
replay-recorded = aufgezeichnet
replay-derived = neu entschieden

refusal-ledger_unreadable = Das Journal lässt sich nicht lesen; das Protokoll von web sagt, warum.
refusal-archive_unreadable = Dieser Tag liegt nur noch im Archiv, und das lässt sich gerade nicht lesen; das Protokoll von web sagt, warum.

