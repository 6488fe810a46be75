#!/bin/sh
# On the computer itself: the simulated house of the release on loopback, at noon of a clear day, and a site.yaml that names
# its devices, at a place where it is noon now; the first run is over, and a block lasts a minute. `again`: after a start,
# the devices alone.
set -eu
place=/run/devices
shipped=/opt/bitgrid/current/config
mkdir -p $place/config $place/run
cp $shipped/*.yaml $place/config/
sed -i 's/^cloudiness:.*/cloudiness: 0/' $place/config/plant.yaml
systemd-run --quiet --unit=devices \
    --setenv=BITGRID_CONFIG_DIR=$place/config --setenv=BITGRID_RUN_DIR=$place/run --setenv=BITGRID_DATA_DIR=$place \
    --setenv="BITGRID_CLOCK=1:$(cut -d' ' -f1 /proc/uptime):1747305000" \
    /opt/bitgrid/current/bin/python -m bitgrid.services.plant
[ "${1:-}" != again ] || exit 0
cd /etc/bitgrid
broker=$(grep '^broker:' site.yaml)
web=$(grep '^web:' site.yaml)
longitude=$(((12 - $(date -u +%-H)) * 15))
sed -e "s|^broker:.*|$broker|" -e "s|^web:.*|$web|" -e 's|^  latitude:.*|  latitude: 0|' \
    -e "s|^  longitude:.*|  longitude: $longitude|" $shipped/site.yaml | sudo -u bitgrid-core tee site.yaml >/dev/null
sudo -u bitgrid-core sed -i 's/block_s: 600/block_s: 60/' bitgrid_rules.yaml
sudo -u bitgrid-core sed -i 's/first_run: true/first_run: false/' flags.yaml
systemctl restart bitgrid-prepare.service
