# Prints the first Python that the locked packages are made for (pyproject.toml says which), and names it on stderr.
# An argument names the one to take.
if [ -z "$1" ]; then set -- python3.11 python3.12 python3 python; fi
for candidate in "$@"; do
    if "$candidate" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2> /dev/null; then
        echo "Dùng · Using $("$candidate" --version): $(command -v "$candidate")" >&2
        command -v "$candidate"
        exit 0
    fi
done
echo "Không tìm thấy Python 3.11 hoặc 3.12 (có mô-đun venv): $*. Hãy cài, hoặc chỉ rõ: make month PYTHON=/đường/dẫn" >&2
echo "Found no Python 3.11 or 3.12 (with its venv module): $*. Install one, or name it: make month PYTHON=/its/path" >&2
exit 1
