# The room Energy. Names and formulas of the figures are in replay/kpi/texts.

span-kind-day = Day
span-kind-week = Week
span-kind-month = Month
span-kind-year = Year
span-title-day = { $weekday }, { $day } { $month } { $year }
span-title-week = Week { $week }: { $day } { $month } to { $last_day } { $last_month } { $year }
span-title-month = { $month } { $year }
span-title-year = { $year }
span-weekday = { $n ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[other] Sunday
  }
span-month = { $n ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[other] December
  }

energy-spans = Period
energy-steps = Turn the page
energy-before = Before
energy-after = After
energy-at = Choose a day
energy-go = Show
energy-csv = Get the table (CSV)
energy-report = Get the report of { $month }
energy-misread = There is no such day in this house. This is today instead; another day can be chosen above.
energy-waiting = Being reckoned
energy-waiting-note = The figures come from the archive. That takes some seconds, for decisions go first.
energy-whole = Without JavaScript: wait here until the figures are there
energy-untold = No figures just now
energy-busy = Other figures are being reckoned. Try again in a minute.
energy-too_slow = That took too long. Choose a shorter period.
energy-not_reckoned = The figures could not be reckoned:
energy-no_data = This page runs without a house's data, so there are no figures.
energy-nothing_yet = No block of this period is over yet. The first figures come in some minutes.

energy-heads = At a glance
energy-until = Reckoned until { $time }; what came after is not in it yet.
energy-charts = Over time
energy-chart-power = Power and charge, by block
energy-chart-use = Where the electricity went
energy-chart-sats = What was mined
energy-no-chart = Nothing is recorded of this period.
energy-pv-w = Sun
energy-house-w = Household
energy-loads-w = Flexible loads
energy-grid-w = Grid (+ import, − export)
energy-battery-w = Battery (+ charging, − discharging)
energy-soc-pct = Charge
energy-table = The same values as a table
energy-hour = Hour (mean)
energy-day = Day

energy-paths = Ways of the energy
energy-path = Way
energy-path-hours = was the best for
energy-path-energy = Energy
energy-path-sats = Sats
energy-path-euros = Yield
energy-path-hodl = Mining
energy-path-export = Feeding in
energy-path-store = Storing
energy-path-heat = Heating
energy-paths-note = The best way is the one on which a kilowatt-hour of surplus was worth most by the prices of the moment. What stored energy was worth shows later: as electricity that is not bought.
energy-all = All figures
