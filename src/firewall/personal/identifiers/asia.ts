import {
  isDate,
  isLuhn,
  isMod11Minus2,
  isRepeated,
  isShortDate,
  isVerhoeff,
  two,
  weightedSum,
} from '../checksums.ts'
import { type Identifier, type Strength, strength } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

const digit = (value: string, index: number): number => value.charCodeAt(index) - 0x30
const last = (value: string): number => digit(value, value.length - 1)

/** GB 11643-1999: division code (GB/T 2260), birth date, sequence, ISO 7064 MOD 11-2. */
const isResidentIdentity = (value: string): boolean =>
  /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)\d{15}[\dX]$/.test(value) &&
  /^(?:18|19|20)/.test(value.slice(6)) &&
  isDate(two(value, 6) * 100 + two(value, 8), two(value, 10), two(value, 12)) &&
  isMod11Minus2(value)

const creditAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const creditWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

/** GB 32100-2015. */
const isSocialCredit = (value: string): boolean => {
  if (!/^(?:[159Y][1239]|[2-8AN][1-9])\d{6}/.test(value)) return false
  let sum = 0
  for (let index = 0; index < 17; index++) {
    const place = creditAlphabet.indexOf(value[index] ?? '')
    if (place < 0) return false
    sum += place * (creditWeights[index] ?? 0)
  }
  return creditAlphabet[(31 - (sum % 31)) % 31] === value[17]
}

const isHongKong = (value: string): boolean => {
  const isLong = /^[A-Z]{2}/.test(value)
  const letters = isLong ? value.slice(0, 2) : ` ${value[0]}`
  const place = (letter: string): number => (letter === ' ' ? 36 : letter.charCodeAt(0) - 0x37)
  const digits = value.slice(isLong ? 2 : 1, -1)
  const sum =
    place(letters[0] ?? '') * 9 + place(letters[1] ?? '') * 8 + weightedSum(digits, [7, 6, 5, 4, 3, 2])
  return '0123456789A'[(11 - (sum % 11)) % 11] === value.at(-1)
}

const taiwanLetters = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'

const isTaiwanese = (value: string): boolean => {
  const place = taiwanLetters.indexOf(value[0] ?? '') + 10
  const sum = Math.floor(place / 10) + (place % 10) * 9 + weightedSum(value, [8, 7, 6, 5, 4, 3, 2, 1, 1], 1)
  return /^[A-Z][1289]/.test(value) && sum % 10 === 0
}

/** Ordinance on the My Number Act, article 5. */
const isMyNumber = (value: string): boolean => {
  const rest = weightedSum(value, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return !isRepeated(value) && (rest <= 1 ? 0 : 11 - rest) === last(value)
}

const koreanWeights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]

/** Numbers given since October 2020 hold random digits: birth date and sex are all one can ask. */
const gradeKorean =
  (sexes: RegExp, offset: number) =>
  (value: string): Strength => {
    const century = /[1256]/.test(value[6] ?? '') ? 1900 : /[90]/.test(value[6] ?? '') ? 1800 : 2000
    if (!sexes.test(value[6] ?? '')) return strength.no
    if (!isDate(century + two(value, 0), two(value, 2), two(value, 4))) return strength.no
    const check = (offset - (weightedSum(value, koreanWeights) % 11)) % 10
    return check === last(value) ? strength.strong : strength.weak
  }

const isKoreanBusiness = (value: string): boolean => {
  const sum = weightedSum(value, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + Math.floor((digit(value, 8) * 5) / 10)
  return !isRepeated(value) && two(value, 3) > 0 && (10 - (sum % 10)) % 10 === last(value)
}

const isAadhaar = (value: string): boolean =>
  /^[2-9]/.test(value) && !isRepeated(value) && isVerhoeff(value) && value !== [...value].reverse().join('')

/** Income Tax Department: the fourth letter is the kind of holder. */
const gradePan = (value: string): Strength => {
  if (value.slice(5, 9) === '0000') return strength.no
  return /^...[ABCFGHJLPT]/.test(value) ? strength.strong : strength.weak
}

const gradeGstin = (value: string): Strength => {
  const state = two(value, 0)
  if (!(state >= 1 && state <= 37) && state !== 97) return strength.no
  if (value[13] !== 'Z' || value.slice(7, 11) === '0000') return strength.no
  return isGstinCheck(value) ? strength.strong : strength.weak
}

/** Luhn in base 36. */
const isGstinCheck = (value: string): boolean => {
  let sum = 0
  for (let index = 0; index < 14; index++) {
    const product = Number.parseInt(value[index] ?? '0', 36) * (index % 2 === 0 ? 1 : 2)
    sum += Math.floor(product / 36) + (product % 36)
  }
  return (36 - (sum % 36)) % 36 === Number.parseInt(value[14] ?? '0', 36)
}

const isFin = (value: string): boolean => {
  const series = value[0] ?? ''
  const sum = weightedSum(value, [2, 7, 6, 5, 4, 3, 2], 1)
  if (series === 'S') return 'JZIHGFEDCBA'[sum % 11] === value[8]
  if (series === 'T') return 'JZIHGFEDCBA'[(sum + 4) % 11] === value[8]
  if (series === 'F') return 'XWUTRQPNMLK'[sum % 11] === value[8]
  if (series === 'G') return 'XWUTRQPNMLK'[(sum + 4) % 11] === value[8]
  return series === 'M' && 'XWUTRQPNJLK'[(sum + 3) % 11] === value[8]
}

const uenAlphabet = 'ABCDEFGHJKLMNPQRSTUVWX0123456789'

const isUen = (value: string): boolean => {
  if (/^\d{8}[A-Z]$/.test(value)) {
    return 'XMKECAWLJDB'[weightedSum(value, [10, 4, 9, 3, 8, 2, 7, 1]) % 11] === value[8]
  }
  if (/^\d{9}[A-Z]$/.test(value)) {
    return 'ZKCMDNERGWH'[weightedSum(value, [10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11] === value[9]
  }
  if (!/^[RST]\d\d[A-Z]{2}\d{4}[A-Z]$/.test(value)) return false
  const weights = [4, 3, 5, 3, 10, 2, 2, 5, 7]
  const sum = weights.reduce(
    (total, weight, index) => total + uenAlphabet.indexOf(value[index] ?? '') * weight,
    0,
  )
  return uenAlphabet[(((sum - 5) % 11) + 11) % 11] === value[9]
}

const isThai = (value: string): boolean =>
  /^[1-8]/.test(value) &&
  !isRepeated(value) &&
  thaiProvinces.test(value) &&
  (11 - (weightedSum(value, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === last(value)

/** Digits two and three: the province of registration (ISO 3166-2:TH). */
const thaiProvinces = /^.(?:1[0-9]|2[0-7]|3[0-9]|4[0-9]|5[0-8]|6[0-7]|7[0-7]|8[0-6]|9[0-6])/

const malaysianPlaces = /^.{6}(?!00|1[789]|20|69|70|73|80|81|94|95|96|97)/

const isMalaysian = (value: string): boolean =>
  isShortDate(two(value, 0), two(value, 2), two(value, 4)) && malaysianPlaces.test(value)

/** Province, regency and district, birth date with 40 added to the day of women, sequence. */
const isNik = (value: string): boolean => {
  const day = two(value, 6)
  return (
    /^(?:1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-7])/.test(value) &&
    isShortDate(two(value, 10), two(value, 8), day > 40 ? day - 40 : day) &&
    value.slice(12) !== '0000'
  )
}

const isKazakh = (value: string): boolean => {
  const first = weightedSum(value, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11
  const check = first < 10 ? first : weightedSum(value, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11
  return (
    check === last(value) &&
    /^.{6}[0-6]/.test(value) &&
    isShortDate(two(value, 0), two(value, 2), two(value, 4))
  )
}

const isIranian = (value: string): boolean => {
  const rest = weightedSum(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11
  return !isRepeated(value) && (rest < 2 ? rest : 11 - rest) === last(value)
}

export const asia: readonly Identifier[] = [
  {
    type: 'CN_RESIDENT_ID',
    templates: ['#17*', '#6 #8 #3*'],
    check: (value) => strongIf(isResidentIdentity(value)),
    kinds: ['nationalId', 'health', 'driverLicence'],
    words: ['身份证', '身份證', '公民身份号码', '身份证号', 'resident identity'],
    languages: ['zh', 'yue', 'wuu', 'ug', 'bo', 'ii', 'za', 'mn'],
    bare: 'any',
  },
  {
    type: 'CN_SOCIAL_CREDIT_CODE',
    templates: ['*2#6*10'],
    check: (value) => strongIf(isSocialCredit(value)),
    kinds: ['company', 'taxId'],
    words: ['统一社会信用代码', '社会信用代码', 'uscc'],
    languages: ['zh', 'yue', 'wuu'],
  },
  {
    type: 'CN_PASSPORT',
    templates: ['A#8', 'A2#7'],
    check: (value) => weakIf(/^(?:[EGDSPHK]\d|E[A-Z]\d|[DSPM][A-Z])/.test(value)),
    kinds: ['passport'],
    words: ['护照', '護照'],
    languages: ['zh', 'yue', 'wuu', 'ug', 'bo'],
  },
  {
    type: 'HK_ID',
    templates: ['A#6(*)', 'A2#6(*)', 'A#6*', 'A2#6*'],
    check: (value) => strongIf(isHongKong(value)),
    kinds: ['nationalId'],
    words: ['hkid', '香港身份證', '身份證', 'hong kong identity'],
    languages: ['zh', 'yue', 'en'],
  },
  {
    type: 'TW_ID',
    templates: ['A#9'],
    check: (value) => weakIf(isTaiwanese(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['身分證', '統一編號', '身分證字號', '居留證'],
    languages: ['zh', 'nan', 'hak'],
  },
  {
    type: 'JP_MY_NUMBER',
    templates: ['#4~#4~#4'],
    check: (value) => weakIf(isMyNumber(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['マイナンバー', '個人番号', 'my number', 'mynumber', '個人番号カード'],
    languages: ['ja', 'ryu', 'ain'],
  },
  {
    type: 'KR_RRN',
    templates: ['#6-#7', '#13'],
    check: gradeKorean(/[1-4]/, 11),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['주민등록번호', '주민번호', 'rrn', 'resident registration'],
    languages: ['ko'],
    bare: 'written',
  },
  {
    type: 'KR_FRN',
    templates: ['#6-#7', '#13'],
    check: gradeKorean(/[5-8]/, 13),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['외국인등록번호', '외국인번호', 'frn', 'foreigner registration'],
    languages: ['ko'],
    bare: 'written',
  },
  {
    type: 'KR_BRN',
    templates: ['#3-#2-#5', '#10'],
    check: (value) => strongIf(isKoreanBusiness(value)),
    kinds: ['company', 'taxId'],
    words: ['사업자등록번호', '사업자번호', 'business registration', 'brn'],
    languages: ['ko'],
    bare: 'written',
  },
  {
    type: 'KR_PASSPORT',
    templates: ['A#8', 'A#3A#4'],
    check: (value) => weakIf(/^[MSROD]/.test(value)),
    kinds: ['passport'],
    words: ['여권', '여권번호'],
    languages: ['ko'],
  },
  {
    type: 'KR_DRIVER_LICENSE',
    templates: ['#2~#2~#6~#2'],
    check: (value) => weakIf(/^(?:1[1-9]|2[0-8])/.test(value)),
    kinds: ['driverLicence'],
    words: ['운전면허', '면허번호'],
    languages: ['ko'],
  },
  {
    type: 'IN_AADHAAR',
    templates: ['#4~#4~#4', '#4:#4:#4'],
    check: (value) => weakIf(isAadhaar(value)),
    kinds: ['nationalId'],
    words: ['aadhaar', 'aadhar', 'uidai', 'आधार', 'আধার', 'ஆதார்', 'ఆధార్', 'ಆಧಾರ್', 'ആധാർ', 'આધાર', 'ਆਧਾਰ', 'ଆଧାର'],
    languages: [
      ...'hi bn ta te kn ml gu pa or mr as ur ne sd ks sa mai kok doi mni sat brx bho en'.split(' '),
    ],
  },
  {
    type: 'IN_PAN',
    templates: ['A5#4A'],
    check: gradePan,
    kinds: ['taxId'],
    words: ['pan', 'permanent account', 'पैन', 'pan card', 'pan number'],
    languages: [...'hi bn ta te kn ml gu pa or mr as ur sd ks sa mai kok doi mni sat brx bho en'.split(' ')],
    bare: 'any',
  },
  {
    type: 'IN_GSTIN',
    templates: ['#2~A5~#4~A*~A*'],
    check: gradeGstin,
    kinds: ['taxId', 'company'],
    words: ['gstin', 'gst', 'gst number', 'जीएसटी'],
    languages: ['hi', 'en'],
    bare: 'any',
  },
  {
    type: 'IN_PASSPORT',
    templates: ['A#7'],
    check: (value) => weakIf(/^[A-PR-WY][1-9]/.test(value)),
    kinds: ['passport'],
    words: ['indian passport', 'पासपोर्ट'],
    languages: [...'hi bn ta te kn ml gu pa or mr as ur sd ks sa mai kok doi mni sat brx bho en'.split(' ')],
  },
  {
    type: 'IN_VOTER',
    templates: ['A3#7'],
    check: () => strength.weak,
    kinds: [],
    words: ['voter', 'epic', 'voter id', 'election commission', 'मतदाता', 'electoral photo'],
    languages: ['hi', 'en'],
  },
  {
    type: 'SG_NRIC_FIN',
    templates: ['A#7A'],
    check: (value) => strongIf(isFin(value)),
    kinds: ['nationalId'],
    words: ['nric', 'fin', 'nric/fin', 'singapore id', 'identity card'],
    languages: ['en', 'zh', 'ms', 'ta'],
    bare: 'any',
  },
  {
    type: 'SG_UEN',
    templates: ['#8A', '#9A', 'A#2A2#4A'],
    check: (value) => weakIf(isUen(value)),
    kinds: ['company', 'taxId'],
    words: ['uen', 'unique entity number', 'acra'],
    languages: ['en', 'zh', 'ms', 'ta'],
  },
  {
    type: 'MY_NRIC',
    templates: ['#12', '#6-#2-#4'],
    check: (value) => strongIf(isMalaysian(value)),
    kinds: ['nationalId'],
    words: ['mykad', 'nric', 'kad pengenalan', 'no. kp', 'ic number'],
    languages: ['ms', 'iba', 'en', 'zh', 'ta'],
    bare: 'written',
  },
  {
    type: 'TH_NATIONAL_ID',
    templates: ['#13', '#1-#4-#5-#2-#1', '#1 #4 #5 #2 #1'],
    check: (value) => strongIf(isThai(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['เลขประจำตัวประชาชน', 'บัตรประชาชน', 'thai national id', 'เลขบัตรประชาชน'],
    languages: ['th', 'nod', 'tts'],
    bare: 'written',
  },
  {
    type: 'ID_NIK',
    templates: ['#16', '#4~#4~#4~#4'],
    check: (value) => weakIf(isNik(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['nik', 'ktp', 'nomor induk kependudukan', 'no. ktp'],
    languages: ['id', 'jv', 'su', 'min', 'ban', 'ace', 'mad', 'bug'],
  },
  {
    type: 'VN_CCCD',
    templates: ['#12'],
    check: (value) => weakIf(/^0(?!00)\d\d[0-3]/.test(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['cccd', 'cmnd', 'căn cước', 'căn cước công dân', 'định danh cá nhân', 'chứng minh nhân dân'],
    languages: ['vi'],
  },
  {
    type: 'PH_TIN',
    templates: ['#3~#3~#3', '#3~#3~#3~#3', '#3-#3-#3-#5'],
    check: (value) => weakIf(isPhilippineTax(value)),
    kinds: ['taxId'],
    words: ['tin', 'taxpayer identification', 'bir'],
    languages: ['fil', 'tl', 'ceb', 'ilo', 'en'],
  },
  {
    type: 'IL_ID',
    templates: ['#9', '#8-#1'],
    check: (value) => weakIf(!isRepeated(value) && isLuhn(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['תעודת זהות', 'ת.ז', 'ת״ז', 'teudat zehut', 'מספר זהות'],
    languages: ['he', 'yi', 'ar'],
  },
  {
    type: 'PK_CNIC',
    templates: ['#5-#7-#1', '#13'],
    check: (value) => strongIf(/^[1-7]/.test(value) && !isRepeated(value.slice(0, 12))),
    kinds: ['nationalId'],
    words: ['cnic', 'nicop', 'شناختی کارڈ', 'nadra'],
    languages: ['ur', 'pa', 'sd', 'ps', 'bal', 'en'],
    bare: 'written',
  },
  {
    type: 'LK_NIC',
    templates: ['#9A', '#12'],
    check: (value) => {
      const day = Number(value.length === 12 ? value.slice(4, 7) : value.slice(2, 5)) % 500
      return weakIf(day >= 1 && day <= 366 && /^(?:\d{9}[VX]|(?:19|20)\d{10})$/.test(value))
    },
    kinds: ['nationalId'],
    words: ['nic', 'ජාතික හැඳුනුම්පත', 'தேசிய அடையாள அட்டை'],
    languages: ['si', 'ta', 'en'],
  },
  {
    type: 'KZ_IIN',
    templates: ['#12'],
    check: (value) => weakIf(isKazakh(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['иин', 'жсн', 'iin'],
    languages: ['kk', 'ru'],
  },
  {
    type: 'AE_EMIRATES_ID',
    templates: ['#15', '#3-#4-#7-#1'],
    check: (value) => strongIf(/^784(?:19|20)/.test(value) && isLuhn(value)),
    kinds: ['nationalId'],
    words: ['emirates id', 'الهوية الإماراتية', 'رقم الهوية'],
    languages: ['ar', 'en', 'ur', 'hi', 'ml'],
    bare: 'any',
  },
  {
    type: 'SA_ID',
    templates: ['#10'],
    check: (value) => weakIf(/^[12]/.test(value) && isLuhn(value)),
    kinds: ['nationalId'],
    words: ['iqama', 'رقم الهوية', 'الهوية الوطنية', 'إقامة', 'saudi id'],
    languages: ['ar'],
  },
  {
    type: 'IR_NATIONAL_ID',
    templates: ['#10', '#3-#6-#1'],
    check: (value) => weakIf(isIranian(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['کد ملی', 'کدملی', 'شماره ملی'],
    languages: ['fa', 'az', 'ckb', 'glk', 'mzn', 'lrc'],
  },
]

/** Nine digits and, where told, a branch of three or five; individuals' and companies' series begin with 0 to 5 or 9. */
function isPhilippineTax(value: string): boolean {
  return /^[0-59]/.test(value) && !isRepeated(value.slice(0, 9))
}
