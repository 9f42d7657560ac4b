system("git push origin main");
