# Finds a Python and fills an environment; for actions/run and for the Makefile. To be sourced by a
# bash that has set -euo pipefail, root (our own folder) and fail (tells $1 and ends).

# Sets python, the interpreter to build on, and name, the environment that belongs to it.
choose_python() {
  local candidate path found old=''
  for candidate in python3 python python3.{14,13,12,11,10}; do
    path=$(command -v "$candidate") || continue
    # shellcheck disable=SC2154 # root is set by the script that sources this
    if found=$("$path" -I "$root/actions/interpreter.py" "$root" 2>/dev/null); then
      # shellcheck disable=SC2034 # for the script that sources this
      { read -r && read -r name && read -r python; } <<<"$found"
      return
    fi
    old=${old:-${found:+"; $candidate is Python $found"}}
  done
  fail "Python 3.10 or newer is needed${old:-; there is no Python}. Install one; in a workflow put actions/setup-python with python-version 3.10 or newer before this step"
}

# Of the settings of pip and uv only those count that say where to fetch, how to get there and what
# to keep of it. What is installed, and where, is ours: no constraint of the caller's, no target.
keep_where_to_fetch() {
  local one
  for one in ${!PIP_@} ${!UV_@}; do
    case ${one#*_} in
      INDEX | INDEX_* | DEFAULT_INDEX | EXTRA_INDEX_URL | FIND_LINKS | NO_INDEX | OFFLINE) ;;
      CERT | CLIENT_CERT | NATIVE_TLS | SYSTEM_CERTS | TRUSTED_HOST | INSECURE_HOST) ;;
      PROXY | HTTP_* | REQUEST_TIMEOUT | TIMEOUT | DEFAULT_TIMEOUT | RETRIES | RESUME_RETRIES) ;;
      KEYRING_PROVIDER | CREDENTIALS_DIR | CONFIG_FILE | NO_CONFIG | USE_FEATURE | USE_DEPRECATED) ;;
      CACHE_DIR | NO_CACHE | NO_CACHE_DIR | LINK_MODE | CONCURRENT_* | LOG) ;;
      *) unset "$one" ;;
    esac
  done
}

# Makes the folder $1 an environment with what $2, a file of requirements/, locks. Ours comes along
# by a .pth file. Every Python is started with -I, so that no file of the caller's checkout and no
# PYTHON* variable can stand in for a module; and in our own folder, as settings that lie in the
# checkout, such as a uv.toml, are for the caller's project.
fill() {
  local into=$1 locked=$root/requirements/$2 uv
  # shellcheck disable=SC2164 # it ends there, by the -e of the script that sources this
  cd -- "$root"
  keep_where_to_fetch
  if uv=$(PATH=$into/bin:$PATH command -v uv); then
    [ -x "$into/bin/python" ] || "$uv" venv --quiet --no-project --python "$python" "$into"
    "$uv" pip install --quiet --python "$into/bin/python" --require-hashes -r "$locked"
  else
    [ -x "$into/bin/python" ] || "$python" -I -m venv "$into" ||
      fail "$python cannot make environments. Install python3-venv, or in a workflow put actions/setup-python before this step"
    "$into/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
      --require-hashes -r "$locked"
  fi
  printf '%s\n' "$root/src" >"$("$into/bin/python" -I -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')/agentramp.pth"
}
