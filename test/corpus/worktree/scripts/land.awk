BEGIN { system("git push origin main") }
