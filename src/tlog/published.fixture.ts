/** Checkpoints as their logs, a witness and the C2SP specifications have published them. */

const note = (text: string, ...signatures: [name: string, base64: string][]): string =>
  [text, ...signatures.map(([name, base64]) => `— ${name} ${base64}`), ""].join("\n");

const SUM_TREE = "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const SUM_SIGNATURE = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=";

/** Go's checksum database. */
export const SUM_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
export const SUM_NOTE = note(`go.sum database tree\n${SUM_TREE}`, ["sum.golang.org", SUM_SIGNATURE]);

/** The example of tlog-cosignature: the same tree by another name, so that none of its signatures fits. */
export const SOFA_NOTE = note(
  `example.com/behind-the-sofa\n${SUM_TREE}`,
  ["example.com/behind-the-sofa", SUM_SIGNATURE],
  [
    "witness.example.com/w1",
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==",
  ],
);

/** A log of certificates: signed with two keys, one of a type that is unknown here, and cosigned by a witness. */
export const ARCHE_VKEY =
  "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
export const REMORA_VKEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
export const ARCHE_NOTE = note(
  "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n",
  [
    "arche2025h1.staging.ct.transparency.dev",
    "zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=",
  ],
  [
    "arche2025h1.staging.ct.transparency.dev",
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=",
  ],
  [
    "remora.n621.de",
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==",
  ],
);

/** The example of tlog-witness, its first signature: a tree's growth, a proof of it, and the note. */
export const SOFA_REQUEST = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

${note(`example.com/behind-the-sofa\n${SUM_TREE}`, ["example.com/behind-the-sofa", SUM_SIGNATURE])}`;
