#!/bin/sh
set -e
kubectl --context production apply -f k8s/
