import { Menu } from "@base-ui/react/menu";
import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme, type Theme, useTheme } from "./theme.ts";

const themes = [
  { theme: "system", name: "As the system", icon: Monitor },
  { theme: "light", name: "Light", icon: Sun },
  { theme: "dark", name: "Dark", icon: Moon },
] as const;

/** Chooses light or dark, for this browser. */
export function ThemeMenu() {
  const theme = useTheme();
  const Icon = themes.find((one) => one.theme === theme)!.icon;
  return (
    <Menu.Root>
      <Menu.Trigger aria-label="Light or dark" className="rounded-md p-1.5 hover:bg-sunken hover:text-ink">
        <Icon aria-hidden className="size-4" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end">
          <Menu.Popup className="min-w-40 rounded-lg border border-line bg-card p-1 text-sm shadow-card outline-none">
            <Menu.RadioGroup value={theme} onValueChange={(value: Theme) => chooseTheme(value)}>
              {themes.map(({ theme: one, name, icon: Mark }) => (
                <Menu.RadioItem
                  key={one}
                  value={one}
                  className={
                    "flex items-center gap-2 rounded px-2 py-1.5 outline-none data-[highlighted]:bg-sunken " +
                    "data-[checked]:text-accent"
                  }
                >
                  <Mark aria-hidden className="size-4" /> {name}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
