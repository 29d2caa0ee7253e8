#!/bin/bash
# apply.sh: `abishim apply` on layouts and archives that umoci and skopeo made, and on broken ones. Lines as run.sh says.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
tar -xf "$ABISHIM_LAYER"
abishim=$scratch/usr/bin/abishim
check() { local name=$1; shift; if said=$("$@" 2>&1); then echo "ok containers/apply-$name"; else echo "FAIL containers/apply-$name: $said"; fi; }

# An image with a layer, an entry point and a variable.
mkdir -p fs/bin && cp /bin/busybox fs/bin/
{ umoci init --layout img && umoci new --image img:base && umoci insert --image img:base fs / &&
  umoci config --image img:base --config.entrypoint=/bin/busybox --config.cmd=true --config.env=A=b \
    --config.env=LD_PRELOAD=/other.so && skopeo copy -q oci:img:base oci-archive:img.tar:base; } >log 2>&1 ||
  { echo "FAIL containers/apply (no image: $(tail -1 log))"; exit 1; }
cp -a img pristine

# value LAYOUT TAG EXPRESSION: of the image's configuration.
value() { skopeo inspect --config "$1" | python3 -c "import json,sys; c=json.load(sys.stdin); print($2)"; }
is() { [[ $1 == "$2" ]] || { echo "'$1' is not '$2'"; return 1; }; }
settings='c["config"].get("Entrypoint"), c["config"]["Cmd"], [e for e in c["config"]["Env"] if e[:2] in ("A=", "LD")]'
ours=/usr/lib/abishim/libabishim.so

both() {
  "$abishim" apply img:base --tag both &&
    is "$(value oci:img:both "$settings")" "['/usr/bin/abishim', 'run', '--', '/bin/busybox'] ['true'] ['A=b', 'LD_PRELOAD=$ours:/other.so']"
}
entrypoint() {
  "$abishim" apply img:base --tag entry --entrypoint &&
    is "$(value oci:img:entry "$settings")" "['/usr/bin/abishim', 'run', '--', '/bin/busybox'] ['true'] ['A=b', 'LD_PRELOAD=/other.so']"
}
preload() {
  "$abishim" apply img:base --tag preload --preload &&
    is "$(value oci:img:preload "$settings")" "['/bin/busybox'] ['true'] ['A=b', 'LD_PRELOAD=$ours:/other.so']"
}
# Every file that was there is there and the same but index.json, and that still names the image.
untouched() {
  local file
  (cd pristine && find . -type f ! -name index.json -exec sha256sum {} +) | (cd img && sha256sum --quiet -c) || return 1
  is "$(skopeo inspect --format '{{.Digest}}' oci:img:base)" "$(skopeo inspect --format '{{.Digest}}' oci:pristine:base)" &&
    is "$(umoci list --layout img | paste -sd' ')" "base both entry preload"
}
same_bytes() {
  cp -a pristine again && "$abishim" apply again:base --tag both &&
    is "$(skopeo inspect --format '{{.Digest}}' oci:again:both)" "$(skopeo inspect --format '{{.Digest}}' oci:img:both)"
}
# What else reads it: umoci unpacks it, skopeo copies it (and checks every digest), and compresses the layer on its way.
others_read() {
  umoci unpack --image img:both bundle && cmp bundle/rootfs$ours usr/lib/abishim/libabishim.so &&
    umoci stat --image img:both && skopeo copy -q oci:img:both dir:copied && skopeo copy -q --dest-compress oci:img:both oci:packed:x &&
    is "$(value oci:packed:x 'c["rootfs"]["diff_ids"][-1]')" "sha256:$(sha256sum <"$ABISHIM_LAYER" | cut -c1-64)"
}
archive() {
  "$abishim" apply img.tar:base --tag new && skopeo copy -q oci-archive:img.tar:new oci:from:new && skopeo copy -q oci-archive:img.tar:base oci:from:base &&
    is "$(value oci:from:new "$settings")" "$(value oci:img:both "$settings")" &&
    is "$(value oci:from:base "$settings")" "$(value oci:pristine:base "$settings")"
}
check both both
check entrypoint entrypoint
check preload preload
check untouched untouched
check same-bytes same_bytes
check others-read others_read
check archive archive

# refused STATUS TEXT IMAGE OPTION...: one line with TEXT, that status, and nothing has changed.
refused() {
  local status=$1 text=$2 image=$3 before said got=0
  shift 3
  before=$(find "${image%%:*}" -type f -exec sha256sum {} + 2>/dev/null | sort)
  said=$("$abishim" apply "$image" "$@" 2>&1) || got=$?
  is $got "$status" && is "$(wc -l <<<"$said")" 1 && [[ $said == abishim:*"$text"* ]] || { echo "$said"; return 1; }
  is "$(find "${image%%:*}" -type f -exec sha256sum {} + 2>/dev/null | sort)" "$before"
}
# broken NAME PYTHON: a copy of the layout, changed: `at(digest)` is a blob's path, `m` the manifest, `i` the index; put() writes
# them back with their right digests.
broken() {
  cp -a pristine "$1"
  (cd "$1" && python3 - "$2" <<'END'
import hashlib, json, sys
at = lambda digest: "blobs/sha256/" + digest.split(":")[1]
def blob(value):
    data = json.dumps(value).encode()
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    open(at(digest), "wb").write(data)
    return {"digest": digest, "size": len(data)}
i = json.load(open("index.json"))
d = i["manifests"][0]
m = json.load(open(at(d["digest"])))
c = json.load(open(at(m["config"]["digest"])))
def put():
    m["config"].update(blob(c)); d.update(blob(m)); json.dump(i, open("index.json", "w"))
exec(sys.argv[1])
END
  )
}
broken multi 'd.update(mediaType="application/vnd.oci.image.index.v1+json"); put()'
broken docker 'd.update(mediaType="application/vnd.docker.distribution.manifest.v2+json"); put()'
broken arm 'c.update(architecture="arm64"); put()'
broken odd-layer 'm["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+encrypted"; put()'
broken fewer 'c["rootfs"]["diff_ids"] = []; put()'
broken layer-bytes 'open(at(m["layers"][0]["digest"]), "ab").write(b"x")'
broken manifest-bytes 'open(at(d["digest"]), "ab").write(b" ")'
broken size 'm["layers"][0]["size"] += 1; put()'
broken climb 'm["layers"][0]["digest"] = "sha256:../../../../etc/passwd"; put()'
broken gone 'import os; os.unlink(at(m["layers"][0]["digest"]))'
broken json 'open("index.json", "w").write("{")'
broken version 'open("oci-layout", "w").write("{\"imageLayoutVersion\":\"2.0.0\"}")'
broken null-env 'c["config"]["Env"] = [1]; put()'
broken artifact 'm["artifactType"] = "text/x"; put()'
broken zstd 'm["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"; put()'  # whose bytes do not matter to us
gzip -k img.tar
head -c 100000 img.tar >cut.tar
cp img.tar linked.tar && ln -s x link && tar -rf linked.tar link
mkdir empty

check refuses-same-tag refused 1 "already" img:base --tag both
check refuses-twice refused 1 "already" img:both --tag twice
check refuses-twice-entrypoint refused 1 "already" img:entry --tag twice --entrypoint
check refuses-ambiguous refused 1 "holds 4 images" img --tag x
check refuses-no-such-tag refused 1 "no image" img:nothing --tag x
check refuses-several-platforms refused 1 "several platforms" multi:base --tag x
check refuses-docker-manifest refused 1 "only OCI" docker:base --tag x
check refuses-arm64 refused 1 "linux/arm64" arm:base --tag x
check refuses-odd-layer refused 1 "layer of type" odd-layer:base --tag x
check refuses-fewer-diff-ids refused 1 "same number" fewer:base --tag x
check refuses-layer-bytes refused 1 "not what its name says" layer-bytes:base --tag x
check refuses-manifest-bytes refused 1 "not what its name says" manifest-bytes:base --tag x
check refuses-size refused 1 "size" size:base --tag x
check refuses-climbing refused 1 "no sha256 digest" climb:base --tag x
check refuses-gone refused 1 "No such file" gone:base --tag x
check refuses-json refused 1 "no JSON object" json:base --tag x
check refuses-version refused 1 "unknown version" version:base --tag x
check refuses-environment refused 1 "no list of strings" null-env:base --tag x
check refuses-artifact refused 1 "artifact" artifact:base --tag x
check refuses-compressed-archive refused 1 "neither a directory nor a tar" img.tar.gz:base --tag x
check refuses-cut-archive refused 1 "early" cut.tar:base --tag x
check refuses-linked-archive refused 1 "of a kind" linked.tar:base --tag x
check refuses-no-layout refused 1 "No such file" empty --tag x
check refuses-nothing refused 1 "No such file" nothing --tag x
check refuses-bad-tag refused 2 "is no tag" img:base --tag 'a b'
check refuses-no-tag refused 2 "tag" img:base
check takes-zstd "$abishim" apply zstd:base --tag x
