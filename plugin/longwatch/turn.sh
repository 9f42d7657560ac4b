#!/bin/sh
# The plugin's hooks of a turn: $1 is session-start, stop or subagent-start. To stop is no protected act, so whatever
# goes wrong is exit code 1, which Claude shows and does not obey. Without the program there is nobody to ask.
longwatch=$(command -v longwatch) || exit 0
"$longwatch" turn-hook claude "$1" || exit 1
