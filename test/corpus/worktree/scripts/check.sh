#!/bin/sh
# Never git push origin main from here.
npm test
echo "now run vercel --prod yourself"
