#!/bin/sh
set -e
npm test
git push origin main
