from pathlib import Path

# Counts the words of the notes on git push origin main.
print(len(Path("docs/deploying.md").read_text().split()))
