#!/bin/sh
. scripts/land.sh
