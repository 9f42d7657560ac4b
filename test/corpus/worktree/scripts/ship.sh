#!/bin/sh
vercel deploy --prod --yes
