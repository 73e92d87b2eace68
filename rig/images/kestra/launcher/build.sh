#!/usr/bin/env bash
# Runs in the tools image: /src = this folder, /out = results, /m2 = Maven's repository (kept between builds),
# /run/rig/ca.pem and /run/rig/settings.xml = the machine's certificates and Maven settings, where it has them.
set -euo pipefail

options=()
if [[ -s /run/rig/ca.pem ]]; then
  java /src/TrustStore.java /run/rig/ca.pem /tmp/trust.p12
  export MAVEN_OPTS="-Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit ${MAVEN_OPTS:-}"
fi
if [[ -s /run/rig/settings.xml ]]; then
  options+=(--settings /run/rig/settings.xml)
fi

mkdir -p /tmp/work
cp -r /src/pom.xml /src/src /tmp/work/
rm -rf /out/lib /out/app
mkdir -p /out/lib /out/app
cd /tmp/work
mvn --batch-mode --no-transfer-progress "${options[@]}" -Dmaven.repo.local=/m2 -Drig.lib=/out/lib package
cp target/launcher-1.jar /out/app/launcher.jar
