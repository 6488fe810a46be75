# Plan, Was-wäre-wenn und Folgen eines Wunsches.

consequence-refused = Das würde jetzt abgelehnt ({ $rule }). { $then }
consequence-broken = { $rule } beendet das wieder, etwa um { $at } (in { $left }). { $then }
consequence-ends = Gilt bis { $until }. Danach, wie es jetzt aussieht: { $then }
consequence-open = Gilt bis { $until }. Bis { $at } steht nach der Vorhersage nichts dagegen; weiter reicht sie nicht.
consequence-end = Die Regeln entscheiden sofort wieder selbst. { $then }
