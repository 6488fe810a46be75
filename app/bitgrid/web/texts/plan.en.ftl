# Plan, what-if and the consequences of a wish.

consequence-refused = This would be refused now ({ $rule }). { $then }
consequence-broken = { $rule } will end it again, at about { $at } (in { $left }). { $then }
consequence-ends = Holds until { $until }. After that, as things stand: { $then }
consequence-open = Holds until { $until }. As far as the forecast reaches, until { $at }, nothing is against it.
consequence-end = The rules decide by themselves again at once. { $then }
