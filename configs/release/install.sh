#!/bin/sh
# Installs cliai {{version}} for this user: downloads the executable for this machine, checks it, and puts it into
# CLIAI_INSTALL_DIR (default ~/.local/bin). CLIAI_DOWNLOAD_URL names another place to download from.
set -eu

url="${CLIAI_DOWNLOAD_URL:-{{url}}}"
dir="${CLIAI_INSTALL_DIR:-$HOME/.local/bin}"

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 1
}

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) file={{file:linux-x64}} sha256={{sha256:linux-x64}} ;;
  Linux-aarch64 | Linux-arm64) file={{file:linux-arm64}} sha256={{sha256:linux-arm64}} ;;
  Darwin-x86_64) file={{file:darwin-x64}} sha256={{sha256:darwin-x64}} ;;
  Darwin-arm64) file={{file:darwin-arm64}} sha256={{sha256:darwin-arm64}} ;;
  *) fail "there is no cliai for $(uname -s) on $(uname -m)" "build it from its source: docs/building.md" ;;
esac

if command -v sha256sum >/dev/null; then sum() { sha256sum "$1"; }
elif command -v shasum >/dev/null; then sum() { shasum -a 256 "$1"; }
else fail "neither sha256sum nor shasum is on PATH" "install one of them, so that the download can be checked"
fi
case "$url" in
  file://*) get() { cp "${1#file://}" "$2"; } ;;
  *)
    if command -v curl >/dev/null; then get() { curl --fail --silent --show-error --location --output "$2" "$1"; }
    elif command -v wget >/dev/null; then get() { wget --quiet --output-document "$2" "$1"; }
    else fail "neither curl nor wget is on PATH" "install one of them, or download $url/$file yourself"
    fi
    ;;
esac

mkdir -p "$dir"
new="$dir/.cliai-$$"
trap 'rm -f "$new"' EXIT
get "$url/$file" "$new" ||
  fail "cannot download $url/$file" "see whether the address is right, or name another one: CLIAI_DOWNLOAD_URL=URL"
found="$(sum "$new" | cut -d ' ' -f 1)"
[ "$found" = "$sha256" ] ||
  fail "$url/$file has the SHA-256 $found, and not $sha256" "it is damaged, or not ours: do not run it"
chmod 755 "$new"
mv -f "$new" "$dir/cliai"
echo "cliai {{version}} is installed: $dir/cliai"
case ":$PATH:" in
  *":$dir:"*) ;;
  *) echo "to call it as cliai, add this to your shell's profile: export PATH=\"$dir:\$PATH\"" ;;
esac
