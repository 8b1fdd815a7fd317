# Installs cliai {{version}} for this user: downloads cliai.exe, checks it, and puts it into CLIAI_INSTALL_DIR
# (default %LOCALAPPDATA%\Programs\cliai). CLIAI_DOWNLOAD_URL names another place to download from.
$ErrorActionPreference = "Stop"

$url = if ($env:CLIAI_DOWNLOAD_URL) { $env:CLIAI_DOWNLOAD_URL } else { "{{url}}" }
$dir = if ($env:CLIAI_INSTALL_DIR) { $env:CLIAI_INSTALL_DIR } else { Join-Path $env:LOCALAPPDATA "Programs\cliai" }
$file = "{{file:windows-x64}}"
$sha256 = "{{sha256:windows-x64}}"

New-Item -ItemType Directory -Force -Path $dir | Out-Null
$new = Join-Path $dir ".cliai-$PID.exe"
try {
  Invoke-WebRequest -UseBasicParsing -Uri "$url/$file" -OutFile $new
  $found = (Get-FileHash -Algorithm SHA256 -Path $new).Hash.ToLowerInvariant()
  if ($found -ne $sha256) { throw "$url/$file has the SHA-256 $found, and not ${sha256}: it is damaged, or not ours" }
  Move-Item -Force -Path $new -Destination (Join-Path $dir "cliai.exe")
} finally {
  if (Test-Path $new) { Remove-Item -Force $new }
}
Write-Output "cliai {{version}} is installed: $dir\cliai.exe"
if (($env:PATH -split ";") -notcontains $dir) { Write-Output "to call it as cliai, add $dir to your PATH" }
