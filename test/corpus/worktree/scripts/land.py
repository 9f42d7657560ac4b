import subprocess

subprocess.run(["git", "push", "origin", "main"], check=True)
