import type { Bounds } from './scalars.ts';
import { scalar, wrong } from './scalars.ts';
import type { Schema } from './schema.ts';

interface Measure {
  readonly name: string;
  readonly units: Readonly<Record<string, number>>;
  /** What a bare number most likely meant. */
  readonly bareUnit: string;
  readonly example: string;
  readonly format: (value: number) => string;
}

const time: Measure = {
  name: 'duration',
  units: { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
  bareUnit: 's',
  example: '10s',
  format: formatDuration,
};

const bytes: Measure = {
  name: 'size',
  units: {
    B: 1,
    kB: 1000,
    KB: 1000,
    MB: 1000 ** 2,
    GB: 1000 ** 3,
    KiB: 1024,
    MiB: 1024 ** 2,
    GiB: 1024 ** 3,
    TiB: 1024 ** 4,
  },
  bareUnit: 'B',
  example: '64KiB',
  format: formatSize,
};

export interface QuantityOptions extends Bounds {
  /** The word `off` stands for no bound: Infinity. */
  readonly off?: boolean;
}

/** Milliseconds from `250ms 2s 1m 1h 7d`. A bare number is an error, 0 too: nobody can tell which unit was meant. */
export function duration(options: QuantityOptions): Schema<number> {
  return quantity(time, options);
}

/** Bytes from `64KiB 1MiB 1MB`. A bare number is an error, 0 too. */
export function size(options: QuantityOptions): Schema<number> {
  return quantity(bytes, options);
}

function quantity(measure: Measure, { minimum, maximum, off = false }: QuantityOptions): Schema<number> {
  const { name, units, bareUnit, example, format } = measure;
  const range = `${format(minimum)}..${format(maximum)}${off ? ', or off' : ''}`;
  const unitNames = Object.keys(units).join(', ');
  return scalar(off ? `${name} or \`off\`` : name, { example: `a ${name} of ${range}` }, (written) => {
    if (off && written.toLowerCase() === 'off') return Number.POSITIVE_INFINITY;
    if (/^\d{1,15}$/.test(written)) {
      const least = off ? 'off' : format(minimum);
      const meant = Number(written) === 0 && minimum > 0 ? least : `${written}${bareUnit}`;
      return wrong(`a ${name} carries its unit`, `write ${meant}; units: ${unitNames}`);
    }
    const [, digits, unit = ''] = /^(\d{1,15})([A-Za-z]+)$/.exec(written) ?? [];
    const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
    if (digits === undefined || factor === undefined) {
      return wrong(
        `is not a ${name}`,
        `write a whole number and its unit (${unitNames}), such as ${example}`,
      );
    }
    const value = Number(digits) * factor;
    if (value >= minimum && value <= maximum) return value;
    return wrong(`must be ${range}`, `write a ${name} of ${range}`);
  });
}

/** `7d`, `250ms`: the largest unit that fits evenly. */
export function formatDuration(milliseconds: number): string {
  return formatQuantity(milliseconds, Object.entries(time.units).reverse(), 's');
}

/** `1MiB`, `100B`. */
export function formatSize(value: number): string {
  const binary = Object.entries(bytes.units).filter(([unit]) => unit === 'B' || unit.endsWith('iB'));
  return formatQuantity(value, binary.reverse(), 'B');
}

function formatQuantity(
  value: number,
  units: readonly (readonly [string, number])[],
  zeroUnit: string,
): string {
  const unit = value === 0 ? undefined : units.find(([, factor]) => value % factor === 0);
  return unit === undefined ? `${value}${zeroUnit}` : `${value / unit[1]}${unit[0]}`;
}
