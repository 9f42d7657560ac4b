/** Where the second copy of the anchors goes (s3.ts). */
export type Bucket = {
  name: string;
  /** Stands before `<tenant>/<epoch>/<size>`; empty or with a slash at its end. */
  prefix: string;
  region: string;
  /** Of a store that is not Amazon's; the bucket is then a part of the path. */
  endpoint: string | undefined;
  retention_days: number;
};

const RETENTION_DAYS = 365;
const RETENTION_DAYS_MAX = 36_500;

/** Reads LONGWATCH_S3: `s3://bucket/prefix?region=…&endpoint=https://…&retention_days=365`. */
export function parseBucket(setting: string): Bucket {
  const wrong = (why: string) => new Error(`LONGWATCH_S3: ${why}`);
  const url = URL.canParse(setting) ? new URL(setting) : null;
  if (url?.protocol !== "s3:" || !/^[a-z0-9][a-z0-9.-]{2,62}$/.test(url.hostname))
    throw wrong("it must be an address such as s3://bucket/prefix?region=eu-central-1");
  if (url.username || url.password || url.port)
    throw wrong("it holds no keys and no port; the SDK finds keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  const known = ["region", "endpoint", "retention_days"];
  for (const field of url.searchParams.keys())
    if (!known.includes(field)) throw wrong(`${field} is not a setting of it; there are: ${known.join(", ")}`);
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw wrong("endpoint must be an address such as https://minio.example:9000");
  const retention_days = Number(url.searchParams.get("retention_days") ?? RETENTION_DAYS);
  if (!Number.isInteger(retention_days) || retention_days < 1 || retention_days > RETENTION_DAYS_MAX)
    throw wrong(`retention_days must be a number from 1 to ${RETENTION_DAYS_MAX}`);
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  const region = url.searchParams.get("region") ?? "us-east-1";
  return { name: url.hostname, prefix: path === "" ? "" : `${path}/`, region, endpoint, retention_days };
}
